#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace lariat::statsd {

/// What the letter behind a line's values says.
enum class Kind : std::uint8_t {
  kCounter,       ///< `c`
  kGauge,         ///< `g`
  kMilliseconds,  ///< `ms`
  kDistribution,  ///< `h` and `d`: as `ms`, in whatever unit.
  kSet,           ///< `s`
};

/// Why a line was refused. The spelling of `to_string` is a tag's value.
enum class Refusal : std::uint8_t {
  kNone,
  kNoName,
  kNoValue,
  kBadValue,         ///< No number, or none that is finite.
  kNegativeCounter,  ///< A counter that would go down.
  kUnknownKind,
  kBadRate,       ///< Not over 0, or over 1.
  kEvent,         ///< `_e{`: events of DogStatsD are not taken.
  kServiceCheck,  ///< `_sc`: nor are its service checks.
  kTooLong,
  kKindConflict,   ///< The name stands for another kind already.
  kTooManySeries,  ///< A new name when there is no room for one.
};
inline constexpr int kRefusals = static_cast<int>(Refusal::kTooManySeries) + 1;

/// `none`, `no-name` and so on.
[[nodiscard]] std::string_view to_string(Refusal refusal) noexcept;

/// Octets of a line, its end not counted; a longer one is refused.
inline constexpr std::size_t kMostLine = 8192;

/// A line of StatsD, `NAME:VALUE|KIND|@RATE|#TAGS`, in its parts; borrows from its text.
struct Line {
  std::string_view name;
  std::string_view values;  ///< One, or several with colons: see `take_value`.
  std::string_view tags;    ///< `a:b,c`, as spelled.
  Kind kind = Kind::kCounter;
  double rate = 1;  ///< Over 0, at most 1.
};

/// Takes a line, without its end, apart; values are not looked at. What DogStatsD has beyond rate
/// and tags, such as a container's identity or a time, is passed over. `line` counts if it is
/// `kNone`. Allocates nothing.
[[nodiscard]] Refusal parse_line(std::string_view text, Line& line) noexcept;

/// Takes the next of several values off `values`; false when none is left.
[[nodiscard]] bool take_value(std::string_view& values, std::string_view& value) noexcept;

/// A finite number, with or without a sign.
[[nodiscard]] bool parse_number(std::string_view text, double& number) noexcept;

struct Tag {
  std::string_view key;
  std::string_view value;
};

/// Takes the next of a line's tags off `tags`; false when none is left. One without a value has
/// `true`. Empty ones are passed over.
[[nodiscard]] bool take_tag(std::string_view& tags, Tag& tag) noexcept;

}  // namespace lariat::statsd
