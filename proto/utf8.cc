#include "proto/utf8.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace lariat::proto {
namespace {

unsigned octet(std::string_view text, std::size_t at) noexcept {
  return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U;
}

// Octets at the start, in eights, that are ASCII and no NUL: most texts have no others.
std::size_t plain_start(std::span<const char> text) noexcept {
  constexpr std::uint64_t kHigh = 0x8080808080808080;
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  std::size_t at = 0;
  for (std::uint64_t eight = 0; text.size() - at >= sizeof eight; at += sizeof eight) {
    std::memcpy(&eight, text.data() + at, sizeof eight);
    if (((eight | (eight - kOnes)) & kHigh) != 0) break;
  }
  return at;
}

}  // namespace

std::size_t utf8_size(std::string_view text) noexcept {
  const unsigned first = octet(text, 0);
  const unsigned second = octet(text, 1);
  std::size_t size = 0;
  // The second octet says whether it is too long a spelling, a surrogate, or beyond Unicode.
  if (first < 0x80) {
    return text.empty() ? 0 : 1;
  }
  if (first >= 0xc2 && first <= 0xdf) {
    size = 2;
  } else if (first >= 0xe0 && first <= 0xef) {
    if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f)) return 0;
    size = 3;
  } else if (first >= 0xf0 && first <= 0xf4) {
    if ((first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f)) return 0;
    size = 4;
  }
  for (std::size_t at = 1; at < size; ++at) {
    if ((octet(text, at) & 0xc0U) != 0x80U) return 0;
  }
  return size;
}

void clean_utf8(std::span<char> text) noexcept {
  for (std::size_t at = plain_start(text); at < text.size();) {
    const std::size_t size = text[at] == '\0' ? 0 : utf8_size({text.data() + at, text.size() - at});
    if (size == 0) text[at] = '_';
    at += std::max<std::size_t>(size, 1);
  }
}

}  // namespace lariat::proto
