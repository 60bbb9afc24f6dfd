#include "collectors/self/control_client.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace lariat::self {
namespace {

using Clock = std::chrono::steady_clock;

/// A connection to the agent, and until when it may be used.
class Connection {
 public:
  explicit Connection(Clock::time_point deadline) noexcept : deadline_(deadline) {}
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() {
    if (socket_ >= 0) ::close(socket_);
  }

  // Non-blocking: a listener whose queue is full says EAGAIN at once.
  [[nodiscard]] bool open(const std::string& path) noexcept {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) {
      errno = ENAMETOOLONG;
      return false;
    }
    std::memcpy(address.sun_path, path.data(), path.size());
    socket_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    return socket_ >= 0 &&
           ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }

  [[nodiscard]] bool send(std::string_view text) const noexcept {
    while (!text.empty()) {
      const ssize_t sent = ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent >= 0) {
        text.remove_prefix(static_cast<std::size_t>(sent));
      } else if (errno != EINTR && (errno != EAGAIN || !wait(POLLOUT))) {
        return false;
      }
    }
    return true;
  }

  // Octets that came; 0 at the end, negative for an error.
  [[nodiscard]] ssize_t receive(std::array<char, 16384>& room) const noexcept {
    while (true) {
      const ssize_t got = ::recv(socket_, room.data(), room.size(), 0);
      if (got >= 0) return got;
      if (errno != EINTR && (errno != EAGAIN || !wait(POLLIN))) return -1;
    }
  }

 private:
  [[nodiscard]] bool wait(short events) const noexcept {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - Clock::now()).count();
    pollfd entry{.fd = socket_, .events = events, .revents = 0};
    const int ready = left > 0 ? ::poll(&entry, 1, static_cast<int>(left)) : 0;
    if (ready == 0) errno = ETIMEDOUT;
    return ready > 0 || (ready < 0 && errno == EINTR);
  }

  int socket_ = -1;
  Clock::time_point deadline_;
};

std::string failed(std::string_view what, const std::string& path) {
  return std::string(what) + " the agent's control socket " + path + ": " +
         std::generic_category().message(errno);
}

}  // namespace

std::string ask_agent(const std::string& path, std::string_view command, std::string& answer,
                      const ControlLimits& limits) {
  answer.clear();
  Connection connection(Clock::now() + limits.time);
  if (!connection.open(path)) return failed("cannot connect to", path);
  if (!connection.send(std::string(command) + '\n')) return failed("cannot write to", path);
  std::array<char, 16384> room;
  while (true) {
    const ssize_t got = connection.receive(room);
    if (got < 0) return failed("cannot read from", path);
    if (got == 0) return {};
    const auto size = static_cast<std::size_t>(got);
    if (size > limits.octets - answer.size()) {
      return "the agent's answer is over " + std::to_string(limits.octets) + " octets";
    }
    answer.append(room.data(), size);
  }
}

}  // namespace lariat::self
