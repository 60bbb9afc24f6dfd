#pragma once

#include <functional>
#include <memory>

#include "agent/loop/loop.h"

namespace lariat::loop {

/// Runs once in each turn, after all callbacks of the turn and before the loop sleeps: the place
/// to do once what many callbacks have asked for. It does not keep `Loop::run` alive and is not
/// counted as a callback. Several run in the reverse order of their making.
///
/// Ownership: borrows the loop. Threads: loop thread only. The callback throws nothing.
class PrepareHook {
 public:
  PrepareHook(Loop& loop, std::function<void()> callback);
  ~PrepareHook();
  PrepareHook(const PrepareHook&) = delete;
  PrepareHook& operator=(const PrepareHook&) = delete;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lariat::loop
