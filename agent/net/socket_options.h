#pragma once

#include <chrono>

#include "agent/base/result.h"
#include "agent/base/unique_fd.h"

namespace lariat::net {

struct SocketOptions {
  /// After which the owner of the connection looks whether its peer is dead. The kernel's own limit
  /// is four times as long, so that it is the last resort only. 0: that of the system.
  std::chrono::milliseconds stall_timeout{30'000};
};

/// A stream socket for AF_INET, AF_INET6 or AF_UNIX that blocks nothing and that children do not
/// inherit; -1 with errno set if the kernel has none.
[[nodiscard]] base::UniqueFd stream_socket(int family) noexcept;

/// What a connection to a peer wants of TCP; does nothing for a unix socket. To be set before
/// `connect`. At most about 160 kB unsent wait in our kernel, small writes leave at once, a dead
/// peer of an idle connection is found within two minutes. The send buffer stays the system's:
/// a fixed one costs 85 % of the speed. What the kernel does not know it goes without.
void set_peer_options(int fd, const SocketOptions& options) noexcept;

/// The kernel gives the connection up when octets are unacknowledged for four times
/// `stall_timeout`; 0: not by itself. It counts a peer that answers with a closed window as silent,
/// so a slow one that is to be kept needs 0. Does nothing for a unix socket.
void limit_silence(int fd, std::chrono::milliseconds stall_timeout) noexcept;

}  // namespace lariat::net
