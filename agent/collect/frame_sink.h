#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>

namespace lariat::collect {

/// Whose frame it is, as far as those ask who take it.
struct FrameOrigin {
  std::uint32_t collector = 0;            ///< A number for it, never used again for another.
  std::chrono::milliseconds interval{0};  ///< How often it reports.
  bool expose = true;                     ///< Belongs on `/metrics` too.
};

/// Takes each frame that a collector reports: whole, valid, its name canonical, tags added.
class FrameSink {
 public:
  /// False if it is larger than the log can hold. Must not call back.
  [[nodiscard]] virtual bool take(std::span<const std::byte> frame, const FrameOrigin& origin) = 0;

 protected:
  ~FrameSink() = default;
};

}  // namespace lariat::collect
