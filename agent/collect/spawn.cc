#include "agent/collect/spawn.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "agent/collect/clone_child.h"
#include "agent/collect/remote_storage.h"

namespace lariat::collect {
namespace {

constexpr int kReportFd = 3;

struct Pipe {
  base::UniqueFd read;
  base::UniqueFd write;

  [[nodiscard]] bool open() noexcept {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return false;
    read.reset(ends[0]);
    write.reset(ends[1]);
    return true;
  }
};

struct Pipes {
  Pipe input;
  Pipe output;
  Pipe errors;
  Pipe report;

  [[nodiscard]] bool open(bool wants_input) noexcept {
    return (!wants_input || input.open()) && output.open() && errors.open();
  }
};

/// What posix_spawn is to do in the child.
class Orders {
 public:
  explicit Orders(const Pipes& pipes) {
    ::posix_spawn_file_actions_init(&actions_);
    if (pipes.input.read) {
      ::posix_spawn_file_actions_adddup2(&actions_, pipes.input.read.get(), STDIN_FILENO);
    } else {
      ::posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    }
    ::posix_spawn_file_actions_adddup2(&actions_, pipes.output.write.get(), STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions_, pipes.errors.write.get(), STDERR_FILENO);
    // Last: it may take the number of one of the others.
    ::posix_spawn_file_actions_adddup2(&actions_, pipes.report.write.get(), kReportFd);
    ::posix_spawn_file_actions_addclosefrom_np(&actions_, kReportFd + 1);
    ::posix_spawn_file_actions_addchdir_np(&actions_, "/");

    ::posix_spawnattr_init(&attributes_);
    sigset_t signals;
    sigemptyset(&signals);
    ::posix_spawnattr_setsigmask(&attributes_, &signals);
    sigfillset(&signals);
    ::posix_spawnattr_setsigdefault(&attributes_, &signals);
    ::posix_spawnattr_setpgroup(&attributes_, 0);
    ::posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~Orders() {
    ::posix_spawnattr_destroy(&attributes_);
    ::posix_spawn_file_actions_destroy(&actions_);
  }
  Orders(const Orders&) = delete;
  Orders& operator=(const Orders&) = delete;

  [[nodiscard]] const posix_spawn_file_actions_t* actions() const noexcept { return &actions_; }
  [[nodiscard]] const posix_spawnattr_t* attributes() const noexcept { return &attributes_; }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

std::vector<char*> pointers(const std::vector<std::string>& words) {
  std::vector<char*> list;
  list.reserve(words.size() + 1);
  for (const auto& word : words) list.push_back(const_cast<char*>(word.c_str()));
  list.push_back(nullptr);
  return list;
}

base::Error failure(const std::string& program, int error) {
  const char* remedy = "";
  if (error == EMFILE || error == ENFILE) {
    remedy = "; raise the agent's limit of open files (LimitNOFILE=)";
  } else if (error == EAGAIN) {
    remedy = "; raise the agent's limit of processes (TasksMax=, LimitNPROC=)";
  }
  return {fmt::format("cannot start {}: {}{}", program, std::strerror(error), remedy)};
}

void unblock(int fd) noexcept { ::fcntl(fd, F_SETFL, O_NONBLOCK); }

// `lariat` asks who the user is, or waits for the storage that the program is on, which takes its
// time, and says by a pipe of its own what failed.
int spawn_by_lariat(const Program& program, Pipes& pipes, Spawned& spawned) {
  if (!pipes.report.open()) return errno;
  auto settings = program.settings;
  settings.report = kReportFd;
  std::vector<std::string> words = exec_words(settings);
  words.insert(words.begin(), {"lariat", "exec"});
  const Orders orders(pipes);
  const int error = ::posix_spawn(&spawned.pid, program.exec_program.c_str(), orders.actions(),
                                  orders.attributes(), pointers(words).data(),
                                  pointers(program.environment).data());
  if (error != 0) return error;
  spawned.ended.reset(static_cast<int>(::syscall(SYS_pidfd_open, spawned.pid, 0)));
  if (!spawned.ended) {
    // Whoever reaps strays gets it.
    const int reason = errno;
    ::kill(-spawned.pid, SIGKILL);
    return reason;
  }
  spawned.report = std::move(pipes.report.read);
  unblock(spawned.report.get());
  return 0;
}

int spawn_at_once(const Program& program, const Pipes& pipes, Spawned& spawned) {
  const auto arguments = pointers(program.settings.command);
  const auto environment = pointers(program.environment);
  ClonedChild child;
  const int error = clone_child({.settings = &program.settings,
                                 .arguments = arguments.data(),
                                 .environment = environment.data(),
                                 .input = pipes.input.read.get(),
                                 .output = pipes.output.write.get(),
                                 .errors = pipes.errors.write.get()},
                                child);
  if (error != 0) return error;
  spawned.pid = child.pid;
  spawned.ended = std::move(child.ended);
  spawned.start_error = sentence_of(child.failure, program.settings);
  return 0;
}

}  // namespace

base::Result<Spawned> spawn(Program program) {
  const std::string& name = program.settings.command.at(0);
  Pipes pipes;
  if (!pipes.open(program.wants_input)) return failure(name, errno);

  program.settings.parent = ::getpid();
  Spawned spawned;
  const bool takes_time = !program.settings.user.empty() || is_remote(name);
  const int error = takes_time ? spawn_by_lariat(program, pipes, spawned)
                               : spawn_at_once(program, pipes, spawned);
  if (error != 0) {
    return failure(takes_time && error == ENOENT ? program.exec_program : name, error);
  }
  spawned.input = std::move(pipes.input.write);
  spawned.output = std::move(pipes.output.read);
  spawned.errors = std::move(pipes.errors.read);
  if (spawned.input) unblock(spawned.input.get());
  return spawned;
}

}  // namespace lariat::collect
