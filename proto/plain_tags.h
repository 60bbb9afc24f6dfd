#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "proto/legal_name.h"
#include "proto/qname.h"

namespace lariat::proto {

/// What becomes of each octet of a key or value on an output: itself or `_`, most often.
struct OctetRules {
  std::array<char, 256> map;
  bool utf8 =
      false;  ///< Octets from 0x80 stay where they are characters of UTF-8, else go by `map`.

  /// `allowed` says which of the printable ASCII stay; all others are `_`.
  template <typename Allowed>
  static constexpr OctetRules of(Allowed allowed, bool utf8) noexcept {
    OctetRules rules{{}, utf8};
    for (unsigned octet = 0; octet < rules.map.size(); ++octet) {
      const bool stays = octet >= 0x20 && octet < 0x7f && allowed(static_cast<char>(octet));
      rules.map[octet] = stays ? static_cast<char>(octet) : '_';
    }
    return rules;
  }
  [[nodiscard]] char operator()(char octet) const noexcept {
    return map[static_cast<unsigned char>(octet)];
  }
};

/// Writes the octets that `spelled` stands for, by the rules, to `out`, which has as many octets as
/// it; returns the end. Backslashes, which in a name are its escapes, are left out.
char* write_clean(std::string_view spelled, const OctetRules& rules, char* out) noexcept;

/// Room for tags that are cleaned, and the tags.
struct TagRoom {
  std::array<char, kLabelStorage> octets;
  std::array<Label, kMaxNameEntries> tags;
};

/// The tags of a canonical name, cleaned by the rules, of alike keys the first only, in the order
/// of the name. They lie in `room`.
[[nodiscard]] std::span<Label> plain_tags(std::string_view canonical_name, const OctetRules& keys,
                                          const OctetRules& values, TagRoom& room) noexcept;

/// An entry of a name, as it is spelled, as offsets into the name's tags.
struct TagPiece {
  std::uint16_t key;
  std::uint16_t equals;  ///< Behind the key.
  std::uint16_t value;   ///< Where it begins.
  std::uint16_t end;
};

/// The entries of `tags`, of a canonical name, in their order: at most `kMaxNameEntries`.
[[nodiscard]] std::span<const TagPiece> split_tags(
    std::string_view tags, std::span<TagPiece, kMaxNameEntries> room) noexcept;

}  // namespace lariat::proto
