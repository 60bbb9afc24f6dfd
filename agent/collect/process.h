#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "agent/base/result.h"
#include "agent/base/unique_fd.h"
#include "agent/collect/reaper.h"
#include "agent/collect/spawn.h"
#include "agent/loop/io_watcher.h"
#include "agent/loop/loop.h"
#include "agent/loop/timer.h"

namespace lariat::collect {

/// How a program ended.
struct ProcessEnd {
  int status = 0;           ///< As `wait` gives it.
  rusage usage{};           ///< Of it and those of its children that it waited for.
  std::string start_error;  ///< Why it never ran, in one sentence; empty if it did.
};

/// One program at a time, from its start to its end, and the group it leads.
///
/// When the leader has ended, what is left of its group is killed: nothing of it works on. What
/// made a session of its own has escaped and is only reaped.
/// Ownership: borrows the loop and the reaper. The destructor kills the group.
/// Threads: loop thread only.
class Process {
 public:
  struct Pipes {
    base::UniqueFd input;
    base::UniqueFd output;
    base::UniqueFd errors;
  };

  /// `on_end` comes from the loop, once for each start that was good.
  Process(loop::Loop& loop, Reaper& reaper, std::chrono::milliseconds kill_grace,
          std::function<void(const ProcessEnd&)> on_end);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  /// It is not running.
  [[nodiscard]] base::Result<Pipes> start(Program program);
  /// SIGTERM to the group, and SIGKILL after the grace. Again, or if it is not running: nothing.
  void end() noexcept;

  [[nodiscard]] bool running() const noexcept { return pid_ > 0; }
  [[nodiscard]] pid_t pid() const noexcept { return pid_; }

 private:
  void ended() noexcept;
  [[nodiscard]] std::string read_report() const;

  Reaper& reaper_;
  std::chrono::milliseconds kill_grace_;
  std::function<void(const ProcessEnd&)> on_end_;
  pid_t pid_ = -1;  // And its group.
  bool ending_ = false;
  base::UniqueFd pidfd_;
  base::UniqueFd report_;    // Of a program that `lariat` becomes.
  std::string start_error_;  // Of one that was started at once.
  loop::IoWatcher ended_;
  loop::Timer kill_;
};

}  // namespace lariat::collect
