#include "agent/net/socket_options.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <limits>

namespace lariat::net {
namespace {

// Unsent octets over which the socket is not writable: full speed, and little that the kernel
// hides from the account of what is delivered.
constexpr int kUnsentLimitBytes = 128 * 1024;
constexpr int kKeepaliveIdleSeconds = 60;
constexpr int kKeepaliveIntervalSeconds = 15;
constexpr int kKeepaliveProbes = 4;

void set(int fd, int level, int option, int value) noexcept {
  ::setsockopt(fd, level, option, &value, sizeof value);
}

int user_timeout_ms(std::chrono::milliseconds stall_timeout) noexcept {
  constexpr std::chrono::milliseconds::rep kMost = std::numeric_limits<int>::max();
  return static_cast<int>(
      4 * std::clamp<std::chrono::milliseconds::rep>(stall_timeout.count(), 0, kMost / 4));
}

}  // namespace

base::UniqueFd stream_socket(int family) noexcept {
  return base::UniqueFd(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

void set_peer_options(int fd, const SocketOptions& options) noexcept {
  int family = AF_UNSPEC;
  socklen_t size = sizeof family;
  ::getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size);
  if (family != AF_INET && family != AF_INET6) return;

  set(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, kUnsentLimitBytes);
  set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  set(fd, IPPROTO_TCP, TCP_KEEPIDLE, kKeepaliveIdleSeconds);
  set(fd, IPPROTO_TCP, TCP_KEEPINTVL, kKeepaliveIntervalSeconds);
  set(fd, IPPROTO_TCP, TCP_KEEPCNT, kKeepaliveProbes);
  limit_silence(fd, options.stall_timeout);
}

void limit_silence(int fd, std::chrono::milliseconds stall_timeout) noexcept {
  set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, user_timeout_ms(stall_timeout));
}

}  // namespace lariat::net
