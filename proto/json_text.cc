#include "proto/json_text.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace lariat::proto {
namespace {

constexpr std::size_t kHexDigits = 4;

bool is_digit(char octet) noexcept { return octet >= '0' && octet <= '9'; }

int hex_value(char octet) noexcept {
  if (is_digit(octet)) return octet - '0';
  if (octet >= 'a' && octet <= 'f') return octet - 'a' + 10;
  if (octet >= 'A' && octet <= 'F') return octet - 'A' + 10;
  return -1;
}

// Of `\uXXXX` at the front; nothing else is asked.
std::uint32_t code_unit(std::string_view escape) noexcept {
  std::uint32_t unit = 0;
  for (const char digit : escape.substr(2, kHexDigits)) {
    unit = (unit << 4U) | static_cast<std::uint32_t>(hex_value(digit));
  }
  return unit;
}

// Octets of the escape at the front of `text`, which begins with a backslash; 0 if it is none.
std::size_t escape_length(std::string_view text) noexcept {
  if (text.size() < 2) return 0;
  if (text[1] != 'u') return std::string_view("\"\\/bfnrt").find(text[1]) == text.npos ? 0 : 2;
  if (text.size() < 2 + kHexDigits) return 0;
  const std::string_view hex = text.substr(2, kHexDigits);
  const bool good = std::ranges::all_of(hex, [](char digit) { return hex_value(digit) >= 0; });
  return good ? 2 + kHexDigits : 0;
}

char plain_escape(char letter) noexcept {
  switch (letter) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return letter;
  }
}

struct Utf8 {
  std::array<char, 4> octets{};
  std::size_t size = 0;
};

Utf8 encode(std::uint32_t code) noexcept {
  const auto tail = [code](unsigned shift) {
    return static_cast<char>(0x80U | ((code >> shift) & 0x3fU));
  };
  if (code < 0x80) return {{static_cast<char>(code)}, 1};
  if (code < 0x800) return {{static_cast<char>(0xc0U | (code >> 6U)), tail(0)}, 2};
  if (code < 0x10000) {
    return {{static_cast<char>(0xe0U | (code >> 12U)), tail(6), tail(0)}, 3};
  }
  return {{static_cast<char>(0xf0U | (code >> 18U)), tail(12), tail(6), tail(0)}, 4};
}

// Takes the escape at the front of `text`.
Utf8 take_escape(std::string_view& text, Reason& reason) noexcept {
  if (text[1] != 'u') {
    const char octet = plain_escape(text[1]);
    text.remove_prefix(2);
    return {{octet}, 1};
  }
  std::uint32_t code = code_unit(text);
  text.remove_prefix(2 + kHexDigits);
  if (code == 0) reason = Reason::kNul;
  if (code < 0xd800 || code > 0xdfff) return encode(code);
  const bool pair = code < 0xdc00 && text.starts_with("\\u");
  const std::uint32_t low = pair ? code_unit(text) : 0;
  if (low < 0xdc00 || low > 0xdfff) {
    reason = Reason::kBadSyntax;
    return {};
  }
  text.remove_prefix(2 + kHexDigits);
  return encode(0x10000 + ((code - 0xd800) << 10U) + (low - 0xdc00));
}

}  // namespace

bool JsonCursor::take(char octet) noexcept {
  if (peek() != octet || rest_.empty()) return false;
  rest_.remove_prefix(1);
  return true;
}

char JsonCursor::peek() noexcept {
  skip_space();
  return rest_.empty() ? '\0' : rest_.front();
}

std::optional<std::string_view> JsonCursor::string() noexcept {
  if (!take('"')) return std::nullopt;
  for (std::size_t at = 0; at < rest_.size();) {
    const auto octet = static_cast<unsigned char>(rest_[at]);
    if (octet == '"') {
      const std::string_view inside = rest_.substr(0, at);
      rest_.remove_prefix(at + 1);
      return inside;
    }
    const std::size_t length = octet == '\\' ? escape_length(rest_.substr(at)) : 1;
    if (length == 0 || octet < 0x20) return std::nullopt;
    at += length;
  }
  return std::nullopt;
}

std::optional<std::string_view> JsonCursor::number() noexcept {
  const std::size_t first = peek() == '-' ? 1 : 0;
  std::size_t end = digits(first);
  if (end == first || (rest_[first] == '0' && end > first + 1)) return std::nullopt;
  if (end < rest_.size() && rest_[end] == '.') {
    const std::size_t behind = digits(end + 1);
    if (behind == end + 1) return std::nullopt;
    end = behind;
  }
  if (end < rest_.size() && (rest_[end] == 'e' || rest_[end] == 'E')) {
    const bool sign = end + 1 < rest_.size() && (rest_[end + 1] == '+' || rest_[end + 1] == '-');
    const std::size_t begin = end + (sign ? 2 : 1);
    end = digits(begin);
    if (end == begin) return std::nullopt;
  }
  const std::string_view text = rest_.substr(0, end);
  rest_.remove_prefix(end);
  return text;
}

std::optional<std::string_view> JsonCursor::literal(std::string_view word) noexcept {
  skip_space();
  if (!rest_.starts_with(word)) return std::nullopt;
  rest_.remove_prefix(word.size());
  return word;
}

void JsonCursor::skip_space() noexcept {
  rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size()));
}

// Where the digits at `at` end.
std::size_t JsonCursor::digits(std::size_t at) const noexcept {
  while (at < rest_.size() && is_digit(rest_[at])) ++at;
  return at;
}

std::string_view unescape_json(std::string_view spelled, std::span<char> out,
                               Reason& reason) noexcept {
  if (spelled.find('\\') == spelled.npos) return spelled;
  std::size_t size = 0;
  while (!spelled.empty()) {
    Utf8 character{{spelled.front()}, 1};
    if (spelled.front() == '\\') {
      character = take_escape(spelled, reason);
    } else {
      spelled.remove_prefix(1);
    }
    if (size + character.size > out.size()) return {out.data(), size};
    std::copy_n(character.octets.begin(), character.size, out.begin() + static_cast<long>(size));
    size += character.size;
  }
  return {out.data(), size};
}

}  // namespace lariat::proto
