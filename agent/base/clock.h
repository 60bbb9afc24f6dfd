#pragma once

#include <chrono>

namespace lariat::base {

/// Time that only goes forward: for deadlines, durations and back-off.
using Monotonic = std::chrono::steady_clock::time_point;
/// Time of day in whole milliseconds since 1970 UTC: for ages that outlive the process. May step.
using WallTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::milliseconds>;

[[nodiscard]] inline Monotonic monotonic_now() noexcept { return std::chrono::steady_clock::now(); }
[[nodiscard]] inline WallTime wall_now() noexcept {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

}  // namespace lariat::base
