#include "agent/net/peer.h"

// The kernel's own tcp_info: glibc's lacks tcpi_snd_wnd. <netinet/tcp.h> cannot stand beside it.
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

#include "agent/net/address.h"

namespace lariat::net {
namespace {

constexpr unsigned kTcpClose = 7;  // State of a socket that the kernel has given up.
// Unanswered tries after which a peer counts as dead: about 1.4 s after the first on a near path.
constexpr unsigned kDeadTries = 3;

int family_of(int fd) noexcept {
  int family = AF_UNSPEC;
  socklen_t size = sizeof family;
  ::getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size);
  return family;
}

}  // namespace

std::optional<std::uint64_t> unacknowledged(int fd) noexcept {
  int octets = 0;
  if (::ioctl(fd, SIOCOUTQ, &octets) != 0 || octets < 0) return std::nullopt;
  return static_cast<std::uint64_t>(octets);
}

// Asked first and the peer looked for then: as long as it is there, the count was true.
std::optional<std::uint64_t> unix_unread_at_most(int fd) noexcept {
  int memory = 0;
  if (::ioctl(fd, SIOCOUTQ, &memory) != 0 || memory < 0) return std::nullopt;
  pollfd peer{.fd = fd, .events = POLLRDHUP};
  if (::poll(&peer, 1, 0) != 0) return std::nullopt;
  return static_cast<std::uint64_t>(memory);
}

bool unix_peer_gone(int fd) noexcept {
  pollfd peer{.fd = fd};
  return ::poll(&peer, 1, 0) == 1 && (peer.revents & POLLHUP) != 0 && (peer.revents & POLLERR) == 0;
}

std::optional<TcpHealth> tcp_health(int fd) noexcept {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return std::nullopt;
  TcpHealth health{.probes = info.tcpi_probes,
                   .retransmits = info.tcpi_retransmits,
                   .connected = info.tcpi_state != kTcpClose};
  if (size >= offsetof(tcp_info, tcpi_snd_wnd) + sizeof info.tcpi_snd_wnd) {
    health.snd_wnd = info.tcpi_snd_wnd;
  }
  return health;
}

Health judge(const TcpHealth& health) noexcept {
  if (!health.connected) return Health::kDead;
  if (health.probes >= kDeadTries || health.retransmits >= kDeadTries) return Health::kDead;
  if (health.snd_wnd == 0U && health.probes == 0) return Health::kSlow;
  return Health::kUnknown;
}

Health judge(int fd) noexcept {
  if (const auto health = tcp_health(fd)) return judge(*health);
  return family_of(fd) == AF_UNIX ? Health::kSlow : Health::kUnknown;
}

int take_error(int fd) noexcept {
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return errno;
  return error;
}

bool connected_to_itself(int fd) noexcept {
  const auto ours = Address::local(fd);
  const auto theirs = Address::peer(fd);
  return ours && theirs && ours->family() != AF_UNIX && ours->size == theirs->size &&
         std::memcmp(&ours->storage, &theirs->storage, ours->size) == 0;
}

void close_hard(base::UniqueFd& socket) noexcept {
  if (!socket) return;
  close_without_rest(socket.get());
  socket.reset();
}

void close_without_rest(int fd) noexcept {
  const linger none{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
}

}  // namespace lariat::net
