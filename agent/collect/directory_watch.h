#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "agent/base/clock.h"
#include "agent/base/log.h"
#include "agent/base/unique_fd.h"
#include "agent/loop/io_watcher.h"
#include "agent/loop/loop.h"
#include "agent/loop/timer.h"

namespace lariat::collect {

/// Tells when files of some directories were made, written, replaced, removed, or given other
/// rights, once things have settled for a moment.
///
/// A directory that does not exist is waited for at its nearest parent that does. What a link in a
/// directory leads to is watched where it is, too; that another link on the way there is changed
/// goes unnoticed. Inotify in the
/// loop: nothing wakes while nothing changes. That it cannot be watched is told in the log.
/// Ownership: borrows the loop and the log. Threads: loop thread only.
class DirectoryWatch {
 public:
  DirectoryWatch(loop::Loop& loop, const base::Log& lines, std::chrono::milliseconds settle,
                 std::function<void()> changed);

  /// These, absolute paths, from now on. None: nothing is watched.
  void watch(std::vector<std::string> directories);

 private:
  struct Watch {
    int descriptor;
    std::string only;   // Of a parent: the name that matters in it.
    bool file = false;  // What a link leads to: it matters itself.
  };
  void arm();
  [[nodiscard]] Watch arm_one(const std::string& directory);
  void arm_links(const std::string& directory);
  void read_events();
  [[nodiscard]] bool matters(int descriptor, unsigned mask, const std::string& name) const;
  void note_change();
  void settled();

  loop::Loop& loop_;
  const base::Log& lines_;
  std::chrono::milliseconds settle_;
  std::function<void()> changed_;
  std::vector<std::string> directories_;
  std::vector<Watch> watches_;
  base::UniqueFd inotify_;
  base::Monotonic first_change_;
  loop::IoWatcher readable_;
  loop::Timer settling_;
};

}  // namespace lariat::collect
