#include "proto/legal_name.h"

#include <algorithm>
#include <array>
#include <functional>

namespace lariat::proto {
namespace {

constexpr bool is_digit(char octet) noexcept { return octet >= '0' && octet <= '9'; }

// What may stand anywhere but at the start, where a digit may not.
constexpr std::array<bool, 256> legal_octets(bool colon) noexcept {
  std::array<bool, 256> legal{};
  for (std::size_t octet = 0; octet < legal.size(); ++octet) {
    const char own = static_cast<char>(octet);
    legal[octet] = (own >= 'a' && own <= 'z') || (own >= 'A' && own <= 'Z') || is_digit(own) ||
                   own == '_' || (colon && own == ':');
  }
  return legal;
}
constexpr std::array<bool, 256> kOfLabel = legal_octets(false);
constexpr std::array<bool, 256> kOfName = legal_octets(true);

std::string_view legalise(std::string_view text, std::span<char> out,
                          const std::array<bool, 256>& allowed) noexcept {
  const bool digit_first = !text.empty() && is_digit(text.front());
  const auto legal = [&allowed](char octet) { return allowed[static_cast<unsigned char>(octet)]; };
  if (!digit_first && std::ranges::all_of(text, legal)) return text;
  std::size_t size = 0;
  const auto put = [out, &size](char octet) {
    if (size < out.size()) out[size++] = octet;
  };
  if (digit_first) put('_');
  for (const char octet : text) put(legal(octet) ? octet : '_');
  return {out.data(), size};
}

}  // namespace

std::string_view prometheus_name(std::string_view metric, std::span<char> out) noexcept {
  return legalise(metric, out, kOfName);
}

std::string_view prometheus_label(std::string_view key, std::span<char> out) noexcept {
  return legalise(key, out, kOfLabel);
}

std::span<const Label> prometheus_labels(std::string_view canonical_name,
                                         std::span<Label, kMaxNameEntries> labels,
                                         std::span<char, kLabelStorage> storage) noexcept {
  std::size_t count = 0;
  std::span<char> room = storage;
  // What lies in `room` is kept; what lies in the name needs no room.
  const auto keep = [&room](std::string_view text) {
    const char* end = text.data() + text.size();
    if (std::less_equal<>()(room.data(), text.data()) &&
        std::less<>()(text.data(), room.data() + room.size())) {
      room = room.subspan(static_cast<std::size_t>(end - room.data()));
    }
    return text;
  };
  TagWalk walk(tags_of(canonical_name));
  for (Tag tag; count < labels.size() && walk.next(tag);) {
    if (tag.key == "*") continue;
    const std::span<char> before = room;
    // One octet further on, so that the legal name, which may be longer by one, can overwrite it.
    const std::string_view plain = unescape(tag.key, room.subspan(1));
    const std::string_view name = keep(prometheus_label(plain, room));
    const auto taken = labels.first(count);
    if (std::ranges::find(taken, name, &Label::name) != taken.end()) {
      room = before;
      continue;
    }
    labels[count++] = {name, keep(unescape(tag.value, room))};
  }
  return labels.first(count);
}

std::size_t mend_labels(std::span<Label> labels, std::string_view taken) noexcept {
  std::size_t count = 0;
  for (Label label : labels) {
    while (label.name.starts_with("__")) label.name.remove_prefix(1);
    const auto before = labels.first(count);
    const bool twice = std::ranges::find(before, label.name, &Label::name) != before.end();
    if (twice || (!taken.empty() && label.name == taken)) continue;
    labels[count++] = label;
  }
  return count;
}

}  // namespace lariat::proto
