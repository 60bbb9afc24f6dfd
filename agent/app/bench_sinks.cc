#include "agent/app/bench_sinks.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <list>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "agent/loop/io_watcher.h"
#include "agent/loop/loop.h"
#include "agent/net/listener.h"

extern char** environ;  // NOLINT: POSIX has no header for it.

namespace lariat::app {
namespace {

/// Reads one connection and throws away what it reads.
class Drain {
 public:
  Drain(loop::Loop& loop, base::UniqueFd socket, std::span<std::byte> buffer)
      : socket_(std::move(socket)),
        buffer_(buffer),
        readable_(loop, loop::CallbackKind::kRead, [this]() noexcept { read(); }) {
    readable_.watch(socket_.get());
    readable_.start();
  }

 private:
  void read() noexcept {
    const ssize_t got = ::recv(socket_.get(), buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    if (got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR))) return;
    readable_.watch(-1);
    socket_.reset();
  }

  base::UniqueFd socket_;
  std::span<std::byte> buffer_;
  loop::IoWatcher readable_;
};

base::Result<std::vector<base::Url>> read_ports(int fd, std::size_t count) {
  std::vector<base::Url> urls;
  std::string text;
  std::array<char, 4096> piece{};
  while (urls.size() < count) {
    const ssize_t got = ::read(fd, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return base::Error{"the sink process ended before it listened"};
    text.append(piece.data(), static_cast<std::size_t>(got));
    for (auto end = text.find('\n'); end != std::string::npos; end = text.find('\n')) {
      auto url = base::parse_url("tsdp://127.0.0.1:" + text.substr(0, end));
      if (!url) return base::Error{"the sink process printed no port: " + url.error().text};
      urls.push_back(*url);
      text.erase(0, end + 1);
    }
  }
  return urls;
}

}  // namespace

base::Result<BenchSinks> BenchSinks::start(std::size_t listeners, std::size_t stuck) {
  std::array<int, 2> in{};
  std::array<int, 2> out{};
  if (::pipe2(in.data(), O_CLOEXEC) != 0) return base::Error{"no pipe for the sink process"};
  BenchSinks sinks;
  sinks.life_.reset(in[1]);
  const base::UniqueFd child_in(in[0]);
  if (::pipe2(out.data(), O_CLOEXEC) != 0) return base::Error{"no pipe for the sink process"};
  const base::UniqueFd ports(out[0]);
  base::UniqueFd child_out(out[1]);

  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, child_in.get(), STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, child_out.get(), STDOUT_FILENO);
  ::posix_spawnattr_init(&attributes);
  sigset_t none;
  ::sigemptyset(&none);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  // A group of its own: Ctrl-C is for the sender, which still wants to deliver.
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
  std::string program = "/proc/self/exe";
  std::string command = "bench";
  std::string count = "--sink-listeners=" + std::to_string(listeners);
  std::string stuck_count = "--sink-stuck=" + std::to_string(stuck);
  std::array<char*, 5> words = {program.data(), command.data(), count.data(), stuck_count.data(),
                                nullptr};
  const int error =
      ::posix_spawn(&sinks.pid_, program.c_str(), &actions, &attributes, words.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  if (error != 0) {
    sinks.pid_ = -1;
    return base::Error{std::string("cannot start the sink process: ") +
                       std::strerror(error)};  // NOLINT(concurrency-mt-unsafe)
  }
  child_out.reset();
  auto urls = read_ports(ports.get(), listeners);
  if (!urls) return urls.error();
  sinks.urls_ = std::move(*urls);
  return sinks;
}

BenchSinks::BenchSinks(BenchSinks&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      life_(std::move(other.life_)),
      urls_(std::move(other.urls_)) {}

BenchSinks::~BenchSinks() {
  if (pid_ < 0) return;
  life_.reset();
  ::kill(pid_, SIGTERM);
  ::waitpid(pid_, nullptr, 0);
}

int run_sinks(std::size_t listeners, std::size_t stuck) {
  loop::Loop loop;
  std::vector<std::byte> buffer(std::size_t{256} << 10U);
  std::vector<base::UniqueFd> kept;
  std::list<Drain> drains;
  const auto keep = [&](base::UniqueFd socket, const std::string&) {
    kept.push_back(std::move(socket));
  };
  const auto drain = [&](base::UniqueFd socket, const std::string&) {
    drains.emplace_back(loop, std::move(socket), buffer);
  };
  std::list<net::Listener> sockets;
  for (std::size_t i = 0; i < listeners; ++i) {
    if (i + stuck < listeners) {
      sockets.emplace_back(loop, drain);
    } else {
      sockets.emplace_back(loop, keep);
    }
    const auto url = sockets.back().listen({.scheme = "tsdp", .host = "127.0.0.1"});
    if (!url) {
      std::fprintf(stderr, "lariat: error: %s\n", url.error().text.c_str());
      return 1;
    }
    std::printf("%u\n", static_cast<unsigned>(url->port));
  }
  std::fflush(stdout);
  loop::IoWatcher life(loop, loop::CallbackKind::kRead, [&] { loop.stop(); });
  life.watch(STDIN_FILENO);
  life.start();
  loop.run();
  return 0;
}

}  // namespace lariat::app
