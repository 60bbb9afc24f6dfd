#include "proto/plain_tags.h"

#include <algorithm>

#include "proto/utf8.h"

namespace lariat::proto {
namespace {

char* write_clean_ascii(std::string_view spelled, const OctetRules& rules, char* out) noexcept {
  for (const char octet : spelled) {
    *out = rules(octet);
    out += octet != '\\' ? 1 : 0;
  }
  return out;
}

// The entry that begins at `at`, which then is where it ends.
TagPiece take_piece(std::string_view tags, std::size_t& at) noexcept {
  const std::size_t key = at;
  std::size_t equals = 0;  // No key is empty.
  for (; at < tags.size() && tags[at] != ','; ++at) {
    if (tags[at] == '\\') {
      ++at;
    } else if (tags[at] == '=') {
      equals = at;
    }
  }
  at = std::min(at, tags.size());
  const auto offset = [](std::size_t value) { return static_cast<std::uint16_t>(value); };
  if (equals == 0) return {offset(key), offset(at), offset(at), offset(at)};
  return {offset(key), offset(equals), offset(equals + 1), offset(at)};
}

}  // namespace

char* write_clean(std::string_view spelled, const OctetRules& rules, char* out) noexcept {
  char* const begin = out;
  if (!rules.utf8) return write_clean_ascii(spelled, rules, out);
  // A character's octets have a backslash each: first all of these go, then it can be judged.
  for (const char octet : spelled) {
    *out = octet;
    out += octet != '\\' ? 1 : 0;
  }
  for (char* at = begin; at < out;) {
    const bool ascii = static_cast<unsigned char>(*at) < 0x80;
    const std::size_t size = ascii ? 0 : utf8_size({at, static_cast<std::size_t>(out - at)});
    if (size == 0) *at = rules(*at);
    at += std::max<std::size_t>(size, 1);
  }
  return out;
}

std::span<Label> plain_tags(std::string_view canonical_name, const OctetRules& keys,
                            const OctetRules& values, TagRoom& room) noexcept {
  std::size_t count = 0;
  char* next = room.octets.data();
  const auto clean = [&next](std::string_view spelled, const OctetRules& rules) {
    char* const begin = next;
    next = write_clean(spelled, rules, next);
    return std::string_view(begin, static_cast<std::size_t>(next - begin));
  };
  TagWalk walk(tags_of(canonical_name));
  for (Tag tag; count < room.tags.size() && walk.next(tag);) {
    const Label plain{clean(tag.key, keys), clean(tag.value, values)};
    const auto taken = std::span(room.tags).first(count);
    if (std::ranges::find(taken, plain.name, &Label::name) != taken.end()) continue;
    room.tags[count++] = plain;
  }
  return std::span(room.tags).first(count);
}

std::span<const TagPiece> split_tags(std::string_view tags,
                                     std::span<TagPiece, kMaxNameEntries> room) noexcept {
  std::size_t count = 0;
  for (std::size_t at = 0; at < tags.size() && count < room.size(); ++at) {
    room[count++] = take_piece(tags, at);
  }
  return std::span(room).first(count);
}

}  // namespace lariat::proto
