#include "agent/app/control_client.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "agent/base/clock.h"
#include "agent/base/unique_fd.h"
#include "agent/net/address.h"
#include "agent/net/socket_options.h"

namespace lariat::app {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kMaxAnswer = std::size_t{64} << 20U;
constexpr std::string_view kTooLate = "no answer in time; the agent may hang";

base::Error system_error(int error) { return {std::generic_category().message(error)}; }

/// A sentence for those that are common, and why the others are.
std::string why_not_connected(int error) {
  switch (error) {
    case ENOENT:
      return "there is no such socket";
    case ECONNREFUSED:
      return "nobody answers there; an agent has ended without removing it";
    case EACCES:
      return "this user may not; ask as root or as the agent's user";
    case EAGAIN:
      return "the agent has no time for us; it may hang";
    default:
      return std::generic_category().message(error);
  }
}

/// False once `until` has passed.
bool wait_for(int fd, short events, base::Monotonic until) noexcept {
  pollfd polled{.fd = fd, .events = events, .revents = 0};
  while (true) {
    const auto left = std::chrono::ceil<milliseconds>(until - base::monotonic_now());
    if (left.count() <= 0) return false;
    const int ready = ::poll(&polled, 1, static_cast<int>(left.count()));
    if (ready > 0) return true;
    if (ready == 0 || errno != EINTR) return false;
  }
}

base::Result<std::string> read_to_end(int fd, base::Monotonic until) {
  std::string answer;
  std::array<char, 65536> piece;
  while (answer.size() < kMaxAnswer) {
    const ssize_t count = ::recv(fd, piece.data(), piece.size(), 0);
    if (count == 0) return answer;
    if (count > 0) {
      answer.append(piece.data(), static_cast<std::size_t>(count));
    } else if (errno == EAGAIN) {
      if (!wait_for(fd, POLLIN, until)) return base::Error{std::string(kTooLate)};
    } else if (errno != EINTR) {
      return system_error(errno);
    }
  }
  return base::Error{"the answer has no end; that is no agent"};
}

base::Result<std::string> ask(const std::string& path, std::string_view command,
                              base::Monotonic until) {
  const auto address = net::Address::from_path(path);
  if (!address) return base::Error{"the path is empty or longer than 107 octets"};
  const auto socket = net::stream_socket(AF_UNIX);
  if (!socket) return system_error(errno);
  if (::connect(socket.get(), address->data(), address->size) != 0) {
    return base::Error{why_not_connected(errno)};
  }
  // A few octets always fit into the buffer of a connection just made.
  const std::string line = std::string(command) + "\n";
  const ssize_t sent = ::send(socket.get(), line.data(), line.size(), MSG_NOSIGNAL);
  if (sent < 0 && errno != EPIPE) return system_error(errno);
  auto answer = read_to_end(socket.get(), until);
  if (answer && answer->empty()) return base::Error{"it closed without an answer"};
  return answer;
}

}  // namespace

base::Result<std::string> ask_agent(std::span<const std::string> paths, std::string_view command,
                                    milliseconds limit) {
  const auto until = base::monotonic_now() + limit;
  std::string tried;
  for (const std::string& path : paths) {
    auto answer = ask(path, command, until);
    if (answer && answer->starts_with("error: ")) {
      return base::Error{answer->substr(7, answer->find('\n') - 7)};
    }
    if (answer) return answer;
    tried += fmt::format("{}{}: {}", tried.empty() ? "" : "; ", path, answer.error().text);
  }
  return base::Error{fmt::format(
      "no agent answers ({}); start one with lariat agent, or name its control socket with "
      "--socket PATH",
      tried.empty() ? "the configuration has no control socket" : tried)};
}

}  // namespace lariat::app
