#include "agent/collect/exec_limits.h"

#include <fmt/format.h>
#include <linux/ioprio.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

namespace lariat::collect {
namespace {

using Step = ExecFailure::Step;
using Resource = decltype(RLIMIT_CORE);

// `hard` above `soft`: the signal of the first can be told from that of the second.
bool limit(Resource resource, rlim_t soft, rlim_t hard) noexcept {
  rlimit old{};
  ::getrlimit(resource, &old);
  const rlimit wanted{.rlim_cur = std::min(soft, old.rlim_max),
                      .rlim_max = std::min(hard, old.rlim_max)};
  return ::setrlimit(resource, &wanted) == 0;
}

bool limit(Resource resource, const std::optional<std::uint64_t>& most) noexcept {
  return !most || limit(resource, *most, *most);
}

bool be_nice(int more) noexcept {
  errno = 0;
  return more == 0 || ::nice(more) != -1 || errno == 0;
}

bool set_io_priority(const std::optional<int>& priority) noexcept {
  return !priority || ::syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, *priority) == 0;
}

// In vain if the parent went before it was said.
bool die_with(pid_t parent) noexcept {
  return parent == 0 || (::prctl(PR_SET_PDEATHSIG, SIGTERM) == 0 && ::getppid() == parent);
}

std::string why_not(const ExecSettings& settings, int error) {
  const std::string& program = settings.command.front();
  const bool there = ::access(program.c_str(), F_OK) == 0;
  switch (error) {
    case ENOENT:
      return there ? fmt::format("{}: the interpreter that its first line names does not exist",
                                 program)
                   : fmt::format("{} does not exist", program);
    case ENOEXEC:
      return fmt::format(
          "{} is no program: a script begins with a line such as #!/bin/sh, and a binary is made "
          "for this machine",
          program);
    case EACCES:
      return fmt::format(
          "{} may not be executed: chmod +x it, and see that its user may enter every folder on "
          "the way and that its file system is not mounted noexec",
          program);
    case EAGAIN:
      return fmt::format(
          "cannot execute {}: its user has more processes than {} allows: raise it, or give it a "
          "`user` of its own",
          program, settings.max_processes ? "`max_processes`" : "LimitNPROC= of the agent's unit");
    default:
      return fmt::format("cannot execute {}: {}", program, std::strerror(error));
  }
}

}  // namespace

ExecFailure apply_settings(const ExecSettings& settings) noexcept {
  const auto failure = [](Step step) { return ExecFailure{step, errno}; };
  if (!be_nice(settings.nice)) return failure(Step::kNice);
  if (!set_io_priority(settings.io_priority)) return failure(Step::kIoPriority);
  if (!die_with(settings.parent)) return failure(Step::kParent);
  if (!limit(RLIMIT_CORE, 0, 0)) return failure(Step::kCoreDumps);
  if (settings.max_cpu && !limit(RLIMIT_CPU, *settings.max_cpu, *settings.max_cpu + 1)) {
    return failure(Step::kCpu);
  }
  if (!limit(RLIMIT_NOFILE, settings.max_files)) return failure(Step::kFiles);
  if (!limit(RLIMIT_NPROC, settings.max_processes)) return failure(Step::kProcesses);
  // The last: it may leave no room for words.
  if (!limit(RLIMIT_AS, settings.max_memory)) return failure(Step::kMemory);
  return {};
}

std::string sentence_of(const ExecFailure& failure, const ExecSettings& settings) {
  const char* reason = std::strerror(failure.error);
  switch (failure.step) {
    case Step::kNone:
      return {};
    case Step::kNice:
      return fmt::format("cannot set its niceness: {}", reason);
    case Step::kIoPriority:
      return fmt::format("cannot set its I/O priority: {}; leave out `ionice`", reason);
    case Step::kParent:
      return "the agent has ended";
    case Step::kCoreDumps:
      return fmt::format("cannot limit its core dumps: {}", reason);
    case Step::kCpu:
      return fmt::format("cannot limit its CPU time: {}; leave out `max_cpu`", reason);
    case Step::kFiles:
      return fmt::format("cannot limit its open files: {}; leave out `max_files`", reason);
    case Step::kProcesses:
      return fmt::format("cannot limit its processes: {}; leave out `max_processes`", reason);
    case Step::kMemory:
      return fmt::format("cannot limit its memory: {}; leave out `max_memory`", reason);
    case Step::kPipes:
      return fmt::format("cannot set up its pipes: {}", reason);
    case Step::kExecute:
      return why_not(settings, failure.error);
  }
  return {};
}

}  // namespace lariat::collect
