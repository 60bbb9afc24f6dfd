#pragma once

#include <chrono>
#include <functional>
#include <set>
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
/// directory leads to is watched where it is, too, if it may be a collector: of anything else only
/// its rights matter. That another link on the way there is changed goes unnoticed. Inotify in the
/// loop: nothing wakes while nothing changes. What cannot be watched is told in the log, once.
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
  [[nodiscard]] Watch arm_one(const std::string& path, bool directory);
  void arm_links(const std::string& directory);
  void tell_once(const std::string& path, int error);
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
  std::set<std::string> failed_;       // What cannot be watched now.
  std::set<std::string> were_failed_;  // At the time before: told.
  base::UniqueFd inotify_;
  base::Monotonic first_change_;
  loop::IoWatcher readable_;
  loop::Timer settling_;
};

}  // namespace lariat::collect
