#include "agent/app/notify.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "agent/base/clock.h"
#include "agent/base/unique_fd.h"

namespace lariat::app {
namespace {

std::string taken_variable(const char* name) {
  // NOLINTBEGIN(concurrency-mt-unsafe): there is one thread.
  const char* value = std::getenv(name);
  std::string text = value == nullptr ? "" : value;
  ::unsetenv(name);
  // NOLINTEND(concurrency-mt-unsafe)
  return text;
}

std::optional<std::int64_t> number(std::string_view text) noexcept {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::chrono::microseconds> watchdog_of_environment() {
  const auto time = number(taken_variable("WATCHDOG_USEC"));
  const auto pid = number(taken_variable("WATCHDOG_PID"));
  if (!time || *time <= 0 || (pid && *pid != ::getpid())) return std::nullopt;
  return std::chrono::microseconds(*time);
}

}  // namespace

Notify::Notify(loop::Loop& loop)
    : loop_(loop), socket_(taken_variable("NOTIFY_SOCKET")), watchdog_(loop, [this] { feed(); }) {
  const auto watchdog = watchdog_of_environment();
  if (!socket_.empty() && watchdog) feed_every_ = *watchdog / 2;
}

void Notify::ready(std::string_view status) {
  send(fmt::format("READY=1\nSTATUS={}", status));
  if (feed_every_ && !watchdog_.active()) feed();
}

void Notify::reloading() {
  const auto now = std::chrono::duration_cast<std::chrono::microseconds>(
      base::monotonic_now().time_since_epoch());
  send(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", now.count()));
}

void Notify::stopping() { send("STOPPING=1\nSTATUS=delivering what is left"); }

void Notify::feed() noexcept {
  // A second of spinning is told by a line; a loop that does nothing else is no longer alive.
  const auto spins = loop_.stats().spins;
  const bool only_spun = std::chrono::seconds(spins - spins_seen_) >= *feed_every_ * 3 / 4;
  if (!only_spun) send("WATCHDOG=1");
  spins_seen_ = spins;
  watchdog_.start(*feed_every_);
}

// A datagram that is not taken at once is not worth waiting for.
void Notify::send(std::string_view message) noexcept {
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  if (socket_.empty() || socket_.size() >= sizeof address.sun_path) return;
  std::memcpy(address.sun_path, socket_.data(), socket_.size());
  if (socket_.front() == '@') address.sun_path[0] = '\0';
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
  const base::UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return;
  [[maybe_unused]] const ssize_t sent =
      ::sendto(socket.get(), message.data(), message.size(), MSG_NOSIGNAL,
               reinterpret_cast<const sockaddr*>(&address), length);
}

}  // namespace lariat::app
