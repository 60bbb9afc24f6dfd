#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "agent/loop/loop.h"

namespace lariat::loop {

/// Runs a callback once, a while after it was started: never early, as a rule within a millisecond.
///
/// Ownership: borrows the loop. Threads: loop thread only. The callback may start it again,
/// not destroy it; it throws nothing.
class Timer {
 public:
  Timer(Loop& loop, std::function<void()> callback);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  /// Due `delay` from now; if it was active it is moved there. Negative is at once.
  void start(std::chrono::nanoseconds delay) noexcept;
  void stop() noexcept;
  [[nodiscard]] bool active() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lariat::loop
