#pragma once

#include <sys/types.h>

#include <vector>

#include "agent/loop/loop.h"
#include "agent/loop/signal.h"

namespace lariat::collect {

/// Reaps what escapes its collector: the process is made subreaper, so children whose parents are
/// gone become its own. The status of those that are `mine` is left to whoever waits for them.
///
/// Learns of them by SIGCHLD, one wake-up a signal. One of a process. Threads: loop thread only,
/// made before there is another thread.
class Reaper {
 public:
  explicit Reaper(loop::Loop& loop);
  ~Reaper();
  Reaper(const Reaper&) = delete;
  Reaper& operator=(const Reaper&) = delete;

  void add(pid_t mine) { mine_.push_back(mine); }
  /// It has been waited for, or is a stray from now on.
  void remove(pid_t mine);

 private:
  void reap();
  [[nodiscard]] bool is_mine(pid_t pid) const noexcept;

  std::vector<pid_t> mine_;
  loop::Signal child_;
};

}  // namespace lariat::collect
