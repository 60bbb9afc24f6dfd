#pragma once

#include <functional>
#include <memory>

#include "agent/loop/loop.h"

namespace lariat::loop {

/// Runs a callback, as part of the loop's turn, when the process gets a signal. Watching from its
/// making to its end; the signal is blocked meanwhile. One loop of a process may watch a signal.
///
/// Ownership: borrows the loop. Threads: loop thread only. The callback throws nothing.
class Signal {
 public:
  Signal(Loop& loop, int number, std::function<void()> callback);
  ~Signal();
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lariat::loop
