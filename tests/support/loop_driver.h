#pragma once

#include <chrono>

#include "agent/loop/loop.h"
#include "agent/loop/timer.h"

namespace lariat::test {

/// Turns `loop` until `done()`, but not for longer than `limit`; tells whether it is done. Waits in
/// the loop only, so a test is as fast as what it waits for.
template <typename Predicate>
[[nodiscard]] bool run_until(loop::Loop& loop, Predicate done,
                             std::chrono::milliseconds limit = std::chrono::seconds(10)) {
  bool late = false;
  loop::Timer deadline(loop, [&late] { late = true; });
  deadline.start(limit);
  while (!done() && !late) loop.run_once();
  return done();
}

/// Turns `loop` for a while, to show that something does not happen.
inline void run_for(loop::Loop& loop, std::chrono::milliseconds duration) {
  [[maybe_unused]] const bool never = run_until(
      loop, [] { return false; }, duration);
}

}  // namespace lariat::test
