#include "agent/collect/clone_child.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <memory>

#include "agent/collect/exec_user.h"

namespace lariat::collect {
namespace {

constexpr std::size_t kStackBytes = std::size_t{64} << 10U;
constexpr int kCannotExecute = 127;  // As a shell's.

// For what runs in its parent's memory and never returns: a sanitizer would take its calls for the
// parent's.
#define LARIAT_IN_CHILD __attribute__((no_sanitize("thread")))

struct Passage {
  const ChildPlan& plan;
  ExecFailure failure;
};

// Handlers of the parent would run in its memory, so no signal gets through before this.
// The kernel's own call: `sigaction` may keep in that memory what it has set. All zero is SIG_DFL
// without a flag; no kernel's structure is larger.
LARIAT_IN_CHILD void reset_signals() noexcept {
  alignas(long) const std::array<char, 64> standard{};
  for (int number = 1; number < NSIG; ++number) {
    ::syscall(SYS_rt_sigaction, number, standard.data(), nullptr, (NSIG - 1) / 8);
  }
}

// The ends of pipes are above the standard descriptors, which are all open in an agent.
LARIAT_IN_CHILD bool take_descriptors(const ChildPlan& plan) noexcept {
  int input = plan.input;
  if (input < 0) {
    input = static_cast<int>(::syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDONLY | O_CLOEXEC, 0));
  }
  if (input < 0 || ::syscall(SYS_dup3, input, STDIN_FILENO, 0) < 0 ||
      ::syscall(SYS_dup3, plan.output, STDOUT_FILENO, 0) < 0 ||
      ::syscall(SYS_dup3, plan.errors, STDERR_FILENO, 0) < 0) {
    return false;
  }
  // An older kernel has no such call: ours are all closed by the execution.
  ::syscall(SYS_close_range, STDERR_FILENO + 1, UINT_MAX, 0);
  return true;
}

// In the memory of a parent that stands still: system calls only.
LARIAT_IN_CHILD int become_program(void* argument) noexcept {
  auto& passage = *static_cast<Passage*>(argument);
  const ChildPlan& plan = passage.plan;
  reset_signals();
  if (::setpgid(0, 0) != 0 || ::chdir("/") != 0 || !take_descriptors(plan)) {
    passage.failure = {ExecFailure::Step::kPipes, errno};
    ::_exit(kCannotExecute);
  }
  give_up_user_rights();
  passage.failure = apply_settings(*plan.settings);
  if (!passage.failure) {
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::execve(plan.arguments[0], plan.arguments, plan.environment);
    passage.failure = {ExecFailure::Step::kExecute, errno};
  }
  ::_exit(kCannotExecute);
}

}  // namespace

int clone_child(const ChildPlan& plan, ClonedChild& child) {
  Passage passage{plan, {}};
  const std::unique_ptr<std::byte[]> stack(new std::byte[kStackBytes]);
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, &before);
  int ended = -1;
  child.pid = ::clone(become_program, stack.get() + kStackBytes,
                      CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, &passage, &ended);
  const int error = child.pid < 0 ? errno : 0;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (error != 0) return error;
  if (ended < 0) {  // A kernel before 5.2 does not know of pidfds: nobody would see its end.
    ::kill(-child.pid, SIGKILL);
    ::waitpid(child.pid, nullptr, 0);
    return ENOSYS;
  }
  child.ended.reset(ended);
  child.failure = passage.failure;
  return 0;
}

}  // namespace lariat::collect
