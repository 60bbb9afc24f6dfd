#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "agent/base/result.h"

namespace lariat::base {

/// `10s`, `500ms`, `1.5h`, `1d`: a number and one of `ms s m h d`. A bare number is an error, so is
/// a negative one and whatever has more than 292 years.
[[nodiscard]] Result<std::chrono::milliseconds> parse_duration(std::string_view text);
/// `4096B`, `64KiB`, `1.5MiB`, `1GiB`: a number and one of `B KiB MiB GiB`. A bare number is an
/// error.
[[nodiscard]] Result<std::uint64_t> parse_size(std::string_view text);

/// The shortest exact spelling that `parse_duration` reads: `1500ms`, `90s`, `2h`, `0s`.
[[nodiscard]] std::string format_duration(std::chrono::milliseconds duration);
/// The shortest exact spelling that `parse_size` reads: `1536KiB`, `1GiB`, `0B`.
[[nodiscard]] std::string exact_size(std::uint64_t bytes);
/// Two or three digits for people: `12.5 MiB`, `980 B`.
[[nodiscard]] std::string format_size(std::uint64_t bytes);

}  // namespace lariat::base
