#include "agent/collect/reaper.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <algorithm>

namespace lariat::collect {

Reaper::Reaper(loop::Loop& loop) : child_(loop, SIGCHLD, [this]() noexcept { reap(); }) {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
}

Reaper::~Reaper() { ::prctl(PR_SET_CHILD_SUBREAPER, 0); }

void Reaper::remove(pid_t mine) {
  std::erase(mine_, mine);
  reap();
}

// The kernel shows one ended child at a time: while that is one of ours the others have to wait
// until it was waited for, which is in the same turn.
void Reaper::reap() {
  siginfo_t ended{};
  while (::waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) == 0 && ended.si_pid != 0 &&
         !is_mine(ended.si_pid)) {
    if (::waitpid(ended.si_pid, nullptr, WNOHANG) <= 0) return;
    ended.si_pid = 0;
  }
}

bool Reaper::is_mine(pid_t pid) const noexcept {
  return std::find(mine_.begin(), mine_.end(), pid) != mine_.end();
}

}  // namespace lariat::collect
