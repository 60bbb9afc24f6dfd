#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/config/reader.h"

namespace lariat::config {

// Each gives what a value says, or nothing and a mistake.

struct DurationRule {
  std::chrono::milliseconds least{0};
  /// 2^31 s: clocks that count nanoseconds in 64 bits hold a date and four times this.
  std::chrono::milliseconds most = std::chrono::seconds(std::int64_t{1} << 31U);
  bool whole_seconds = false;
};
inline constexpr DurationRule kInterval{.least = std::chrono::seconds(1), .whole_seconds = true};
inline constexpr DurationRule kTimeout{.least = std::chrono::milliseconds(1)};
[[nodiscard]] std::optional<std::chrono::milliseconds> duration(const Value& value,
                                                                const DurationRule& rule);

struct SizeRule {
  std::uint64_t least = 1;
  std::uint64_t most = std::uint64_t{1} << 40U;
};
[[nodiscard]] std::optional<std::uint64_t> size(const Value& value, const SizeRule& rule);

/// A whole number from `least` to `most`.
[[nodiscard]] std::optional<std::uint64_t> number(const Value& value, std::uint64_t least,
                                                  std::uint64_t most);
/// Any number from `least` to `most`.
[[nodiscard]] std::optional<double> decimal(const Value& value, double least, double most);
[[nodiscard]] std::optional<bool> boolean(const Value& value);
/// The index of the word that is written.
[[nodiscard]] std::optional<std::size_t> choice(const Value& value,
                                                std::span<const std::string_view> words);
/// `what` they are, and a whole array as an example: "words", "[\"a\", \"b\"]".
[[nodiscard]] std::optional<std::vector<std::string>> texts(const Value& value,
                                                            std::string_view what,
                                                            std::string_view example);
[[nodiscard]] std::optional<std::string> absolute_path(const Value& value,
                                                       std::string_view example);

}  // namespace lariat::config
