#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace lariat::proto {

inline constexpr std::size_t kMaxNameLength = 4095;  ///< Octets as written, before anything goes.
inline constexpr std::size_t kMaxNameEntries = 64;   ///< Tags, and a `*` counted.

enum class NameError : std::uint8_t {
  kNone,
  kNoMetric,
  kNoTags,
  kTooLong,
  kTooManyTags,
  kEmptyTag,
  kSecondEquals,
  kStar,
  kOctet,
  kNul,
  kBackslash,
  kWildcard,
  kNoRoom,
};
/// One sentence: what is wrong and what to write instead.
[[nodiscard]] std::string_view to_string(NameError error) noexcept;

struct [[nodiscard]] NameResult {
  std::string_view name;
  NameError error = NameError::kNone;
  explicit operator bool() const noexcept { return error == NameError::kNone; }
};

/// The canonical form of a name or pattern `METRIC TAG[=VALUE],…`: the name itself when it is
/// canonical already, else in `out`, which needs no more octets than the name has.
NameResult canonical(std::string_view name, std::span<char> out) noexcept;

/// Valid, and its own canonical form. A pattern may be.
[[nodiscard]] bool is_canonical(std::string_view name) noexcept;

/// Both are valid and have the same canonical form.
[[nodiscard]] bool same_name(std::string_view a, std::string_view b) noexcept;

/// Whether a *canonical* name has a `*` entry or a `*` value: then it is a pattern.
[[nodiscard]] bool has_wildcard(std::string_view canonical_name) noexcept;

/// Of a canonical name: what stands before its first blank, and what behind.
[[nodiscard]] std::string_view metric_of(std::string_view canonical_name) noexcept;
[[nodiscard]] std::string_view tags_of(std::string_view canonical_name) noexcept;

/// One entry of a canonical name, as it is spelled there: with its escapes.
struct Tag {
  std::string_view key;    ///< `*` for the entry that stands for any other tags.
  std::string_view value;  ///< Empty: no value.
};

/// A forward walk over the entries of `tags_of` a canonical name, in their order.
class TagWalk {
 public:
  explicit TagWalk(std::string_view tags) noexcept : rest_(tags) {}
  /// False at the end; then `tag` is as it was.
  [[nodiscard]] bool next(Tag& tag) noexcept;

 private:
  std::string_view rest_;
};

/// The octets that a key or value of a canonical name stands for: itself when it has no escapes,
/// else in `out`, which needs no more octets than it has. A `out` that is too small gets a part.
[[nodiscard]] std::string_view unescape(std::string_view spelled, std::span<char> out) noexcept;

/// The order of keys in a canonical name: of the octets that they stand for. <0, 0, >0.
[[nodiscard]] int compare_keys(std::string_view a, std::string_view b) noexcept;

}  // namespace lariat::proto
