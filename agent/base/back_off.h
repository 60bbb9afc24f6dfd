#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <random>

namespace lariat::base {

/// How long to wait before the next attempt: doubles from `min` to `max`, and up to half as much
/// again by chance, so that many agents do not come back in step. Never more than `max`.
class BackOff {
 public:
  BackOff(std::chrono::milliseconds min, std::chrono::milliseconds max, std::uint64_t seed)
      : min_(min), max_(std::max(min, max)), base_(min), random_(seed) {}

  /// The next wait; each call counts as one more failure.
  [[nodiscard]] std::chrono::milliseconds next() {
    const auto base = base_;
    base_ = std::min(base_ * 2, max_);
    std::uniform_int_distribution<std::int64_t> extra(0, base.count() / 2);
    // At the longest wait chance shortens it instead: it spreads there too.
    const auto wait = std::min(base, max_ - max_ / 3) + std::chrono::milliseconds(extra(random_));
    return std::clamp(wait, min_, max_);
  }
  void reset() noexcept { base_ = min_; }

 private:
  std::chrono::milliseconds min_;
  std::chrono::milliseconds max_;
  std::chrono::milliseconds base_;
  std::minstd_rand random_;
};

}  // namespace lariat::base
