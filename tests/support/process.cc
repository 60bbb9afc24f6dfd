#include "tests/support/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <utility>

extern char** environ;  // NOLINT: POSIX has no header for it.

namespace lariat::test {
namespace {

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error(what + ": " + std::strerror(errno));  // NOLINT(concurrency-mt-unsafe)
}

struct Pipe {
  base::UniqueFd read;
  base::UniqueFd write;
};

Pipe make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) fail("pipe");
  return {base::UniqueFd(ends[0]), base::UniqueFd(ends[1])};
}

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> result;
  for (auto& word : words) result.push_back(word.data());
  result.push_back(nullptr);
  return result;
}

// What posix_spawn wants to know, and what must be freed after it.
class Spawn {
 public:
  Spawn() {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawnattr_init(&attributes_);
    sigset_t none;
    ::sigemptyset(&none);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    sigset_t pipe;
    ::sigemptyset(&pipe);
    ::sigaddset(&pipe, SIGPIPE);
    ::posix_spawnattr_setsigdefault(&attributes_, &pipe);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~Spawn() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }
  Spawn(const Spawn&) = delete;
  Spawn& operator=(const Spawn&) = delete;

  void stream(int number, int fd) { ::posix_spawn_file_actions_adddup2(&actions_, fd, number); }
  pid_t run(std::vector<std::string> words, std::vector<std::string> environment) {
    pid_t pid = -1;
    errno = ::posix_spawnp(&pid, words.at(0).c_str(), &actions_, &attributes_,
                           pointers(words).data(), pointers(environment).data());
    if (errno != 0) fail("cannot start " + words.at(0));
    return pid;
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

int exit_status(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

std::string status_line(pid_t pid, std::string_view key) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/status");
  const auto wanted = std::string(key) + ":";
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with(wanted)) return line.substr(wanted.size());
  }
  throw std::runtime_error("process " + std::to_string(pid) + " has no " + std::string(key));
}

}  // namespace

int Deadline::left() const {
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(at_ - std::chrono::steady_clock::now());
  return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
}

bool wait_until(const std::function<bool()>& happened, std::chrono::milliseconds patience,
                std::chrono::milliseconds between) {
  const Deadline deadline(patience);
  while (!happened()) {
    if (deadline.passed()) return false;
    ::poll(nullptr, 0, static_cast<int>(between.count()));
  }
  return true;
}

Process::Process(std::vector<std::string> words, const Options& options) {
  // What we write to a program that has ended is an error, not our end.
  ::signal(SIGPIPE, SIG_IGN);
  auto in = make_pipe();
  auto out = make_pipe();
  auto err = make_pipe();
  if (!options.input_file.empty()) {
    in.read.reset(::open(options.input_file.c_str(), O_RDONLY | O_CLOEXEC));
    if (!in.read) fail(options.input_file);
    in.write.reset();
  }
  std::vector<std::string> environment = options.environment;
  for (char** entry = environ; *entry != nullptr; ++entry) environment.emplace_back(*entry);

  Spawn spawn;
  spawn.stream(STDIN_FILENO, in.read.get());
  spawn.stream(STDOUT_FILENO, out.write.get());
  spawn.stream(STDERR_FILENO, err.write.get());
  pid_ = spawn.run(std::move(words), std::move(environment));
  ended_.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
  in_ = std::move(in.write);
  readers_[0].fd = std::move(out.read);
  readers_[1].fd = std::move(err.read);
  for (auto& reader : readers_) ::fcntl(reader.fd.get(), F_SETFL, O_NONBLOCK);
}

Process::~Process() {
  if (status_) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

bool Process::write(std::string_view text) {
  const Deadline deadline(kPatience);
  ::fcntl(in_.get(), F_SETFL, O_NONBLOCK);
  while (!text.empty() && !deadline.passed()) {
    const ssize_t written = ::write(in_.get(), text.data(), text.size());
    if (written < 0 && errno != EAGAIN && errno != EINTR) return false;
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
    pump(written > 0 ? 0 : 5);
  }
  return text.empty();
}

std::optional<std::string> Process::line(Stream stream, std::chrono::milliseconds patience) {
  const Deadline deadline(patience);
  auto& from = reader(stream);
  while (true) {
    const auto end = from.text.find('\n', from.taken);
    if (end != std::string::npos) {
      auto found = from.text.substr(from.taken, end - from.taken);
      from.taken = end + 1;
      return found;
    }
    if (!from.fd || deadline.passed()) return std::nullopt;
    pump(deadline.left());
  }
}

std::optional<std::string> Process::wait_for_line(Stream stream, std::string_view prefix,
                                                  std::chrono::milliseconds patience) {
  const Deadline deadline(patience);
  while (auto found = line(stream, std::chrono::milliseconds(deadline.left()))) {
    if (found->starts_with(prefix)) return found;
  }
  return std::nullopt;
}

bool Process::wait_for_text(Stream stream, std::string_view text,
                            std::chrono::milliseconds patience) {
  const Deadline deadline(patience);
  auto& from = reader(stream);
  while (from.text.find(text) == std::string::npos) {
    if (!from.fd || deadline.passed()) return false;
    pump(deadline.left());
  }
  return true;
}

void Process::signal(int number) const {
  if (!status_) ::kill(pid_, number);
}

void Process::stop() {
  signal(SIGSTOP);
  int status = 0;
  const bool stopped =
      wait_until([&] { return ::waitpid(pid_, &status, WUNTRACED | WNOHANG) == pid_; }, kPatience,
                 std::chrono::milliseconds(1));
  if (!stopped) throw std::runtime_error("the process did not stop");
  if (!WIFSTOPPED(status)) {
    status_ = exit_status(status);
    throw std::runtime_error("the process ended instead of stopping");
  }
}

void Process::go_on() const { signal(SIGCONT); }

std::optional<int> Process::wait(std::chrono::milliseconds patience) {
  const Deadline deadline(patience);
  while (running()) {
    const bool last = deadline.passed();
    pump(deadline.left());
    if (last) return std::nullopt;
  }
  drain();
  return status_;
}

bool Process::running() {
  if (status_) return false;
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) != pid_) return true;
  status_ = exit_status(status);
  return false;
}

// Waits until there is output, or the program ends, and takes the output in.
bool Process::pump(int timeout) {
  std::array<pollfd, 3> fds{};
  for (std::size_t i = 0; i < 2; ++i) fds[i] = {readers_[i].fd.get(), POLLIN, 0};
  fds[2] = {ended_.get(), POLLIN, 0};
  if (::poll(fds.data(), fds.size(), timeout) <= 0) return false;
  for (std::size_t i = 0; i < 2; ++i) {
    if (fds[i].revents != 0) read_some(readers_[i]);
  }
  return true;
}

// What an ended program has left in its pipes. A child of its own may hold them open for longer.
void Process::drain() {
  for (auto& reader : readers_) {
    while (reader.fd && read_some(reader)) {
    }
    reader.fd.reset();
  }
}

bool Process::read_some(Reader& reader) {
  std::array<char, 65536> piece;
  const ssize_t got = ::read(reader.fd.get(), piece.data(), piece.size());
  if (got > 0) {
    reader.text.append(piece.data(), static_cast<std::size_t>(got));
    return true;
  }
  if (got == 0 || (errno != EAGAIN && errno != EINTR)) reader.fd.reset();
  return false;
}

std::uint64_t status_number(pid_t pid, std::string_view key) {
  return std::stoull(status_line(pid, key));
}

bool handles_signal(pid_t pid, int number) {
  const auto has = [&](std::string_view key, int signal) {
    const auto bit = std::uint64_t{1} << static_cast<unsigned>(signal - 1);
    return (std::stoull(status_line(pid, key), nullptr, 16) & bit) != 0;
  };
  // While a program is started all signals are blocked for a moment.
  const bool by_descriptor = has("SigBlk", number) && !has("SigBlk", SIGWINCH);
  return by_descriptor || has("SigCgt", number);
}

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) fail(path);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void write_file(const std::string& path, std::string_view text) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << text;
  if (!out.flush()) fail(path);
}

}  // namespace lariat::test
