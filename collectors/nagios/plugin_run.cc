#include "collectors/nagios/plugin_run.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string>

namespace lariat::nagios {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kGrace{1000};

// The group that a signal to us takes along; 0: none. Set once before the handler can run.
volatile pid_t group = 0;  // NOLINT(*-avoid-non-const-global-variables): a handler has no other.

extern "C" void end_group(int number) {
  if (group > 0) ::kill(-group, SIGKILL);
  std::signal(number, SIG_DFL);
  std::raise(number);
}

struct Pipe {
  int read = -1;
  int write = -1;
};

Pipe make_pipe() {
  std::array<int, 2> ends{-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return {};
  return {ends[0], ends[1]};
}

// In the child: becomes the plugin, or writes why not to `report`.
[[noreturn]] void become(char* const* command, int output, int report) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // We may be killed where no handler runs.
  const int input = ::open("/dev/null", O_RDONLY);
  ::dup2(input, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  std::signal(SIGPIPE, SIG_DFL);
  ::execvp(command[0], command);
  const int fault = errno;
  [[maybe_unused]] const ssize_t told = ::write(report, &fault, sizeof fault);
  ::_exit(127);
}

// Whole milliseconds from now on, none negative.
int left_until(Clock::time_point then) {
  const auto left = std::chrono::ceil<milliseconds>(then - Clock::now()).count();
  return left > 0 ? static_cast<int>(std::min<long>(left, 60'000)) : 0;
}

/// A plugin that runs.
class Plugin {
 public:
  Plugin(pid_t pid, int output, milliseconds timeout)
      : pid_(pid), output_(output), deadline_(Clock::now() + timeout), ended_(open_pidfd()) {}

  // Until it has ended; what lies in the pipe then is read, whoever else holds it.
  void read_all(const LineTaker& take_line) {
    proto::LineSplitter splitter;
    while (read_some(splitter, take_line)) {
    }
    if (const auto line = splitter.finish()) {
      half_line_ = true;
      take_line(*line);
    }
  }

  [[nodiscard]] bool half_line() const noexcept { return half_line_; }

  [[nodiscard]] bool timed_out() const noexcept { return timed_out_; }

  // The leader is not waited for before its group is killed: until then its number is its own.
  int wait() {
    siginfo_t info{};
    while (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT) != 0 &&
           errno == EINTR) {
    }
    ::kill(-pid_, SIGKILL);
    group = 0;
    int status = 0;
    ::waitpid(pid_, &status, 0);
    ::close(output_);
    ::close(ended_);
    return status;
  }

 private:
  [[nodiscard]] int open_pidfd() const { return static_cast<int>(::syscall(kPidfdOpen, pid_, 0)); }

  bool read_some(proto::LineSplitter& splitter, const LineTaker& take_line) {
    std::array<pollfd, 2> wanted{pollfd{closed_ ? -1 : output_, POLLIN, 0},
                                 pollfd{ended_, POLLIN, 0}};
    const int ready = ::poll(wanted.data(), wanted.size(), left_until(deadline_));
    if (ready < 0) return errno == EINTR;
    if (Clock::now() >= deadline_) end_it();
    const bool over = wanted[1].revents != 0;
    if (wanted[0].revents == 0) return !over;
    std::array<char, 16384> room;
    const ssize_t got = ::read(output_, room.data(), room.size());
    closed_ = got <= 0;
    if (closed_) return !over;
    splitter.feed({room.data(), static_cast<std::size_t>(got)});
    while (const auto line = splitter.next()) take_line(*line);
    return !over || --reads_left_ > 0;  // Who has escaped from the group may print for ever.
  }

  void end_it() {
    ::kill(-pid_, timed_out_ ? SIGKILL : SIGTERM);
    ::kill(-pid_, SIGCONT);  // One that is stopped could not follow.
    timed_out_ = true;
    deadline_ = Clock::now() + kGrace;
  }

  static constexpr long kPidfdOpen = 434;  // The same on every architecture.

  pid_t pid_;
  int output_;
  Clock::time_point deadline_;
  int ended_;
  int reads_left_ = 64;  // Once it has ended: what a pipe holds.
  bool closed_ = false;
  bool timed_out_ = false;
  bool half_line_ = false;
};

proto::PluginEnd cannot_run(const char* program, int fault) {
  return {{}, "cannot run " + std::string(program) + ": " + std::strerror(fault)};
}

proto::PluginEnd describe(int status, bool timed_out, milliseconds timeout) {
  if (timed_out) {
    return {{}, "did not end within " + std::to_string(timeout.count()) + " ms and was ended"};
  }
  if (WIFEXITED(status)) return {WEXITSTATUS(status), {}};
  const char* name = ::sigabbrev_np(WTERMSIG(status));
  return {{}, "was ended by SIG" + std::string(name != nullptr ? name : "?")};
}

}  // namespace

proto::PluginEnd run_plugin(char* const* command, milliseconds timeout,
                            const LineTaker& take_line) {
  const Pipe output = make_pipe();
  const Pipe report = make_pipe();
  const pid_t pid = report.read < 0 ? -1 : ::fork();
  if (pid < 0) return cannot_run(command[0], errno);
  if (pid == 0) become(command, output.write, report.write);
  ::setpgid(pid, pid);  // Whichever of us is first.
  group = pid;
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) std::signal(number, end_group);
  ::close(output.write);
  ::close(report.write);

  int fault = 0;
  const bool failed = ::read(report.read, &fault, sizeof fault) == sizeof fault;
  ::close(report.read);
  Plugin plugin(pid, output.read, timeout);
  if (!failed) plugin.read_all(take_line);
  const int status = plugin.wait();
  if (failed) return cannot_run(command[0], fault);
  auto end = describe(status, plugin.timed_out(), timeout);
  end.half_line = plugin.half_line();
  return end;
}

}  // namespace lariat::nagios
