#pragma once

#include <cstdint>
#include <optional>

#include "agent/base/unique_fd.h"

namespace lariat::net {

/// What the kernel knows about a connection. None of these blocks or reads; each is one system
/// call of less than a microsecond, `unix_unread_at_most` two.

/// Octets written that the peer's kernel has not acknowledged, sent or not; right also after the
/// connection broke, until it is closed. A FIN of ours that is unacknowledged counts as one.
/// For TCP: of a unix socket it would be memory. Nothing if the kernel does not say.
[[nodiscard]] std::optional<std::uint64_t> unacknowledged(int fd) noexcept;

/// Of a connected unix socket: no more octets than this that we wrote has the peer's program not
/// read yet; 0 means it has read all. Nothing if the peer is gone: the kernel's count then says 0
/// whatever was read. An upper bound, as the kernel counts the memory that they lie in.
[[nodiscard]] std::optional<std::uint64_t> unix_unread_at_most(int fd) noexcept;

/// Of a connected unix socket whose end of file was read without an error: the peer is gone, and
/// had read all that we wrote, or there would have been an error. False if it only writes no more.
[[nodiscard]] bool unix_peer_gone(int fd) noexcept;

/// What TCP has to say about a peer that makes no progress.
struct TcpHealth {
  std::optional<std::uint32_t> snd_wnd;  ///< Octets it can take; nothing before Linux 5.4.
  unsigned probes = 0;                   ///< Unanswered probes of a closed window or of silence.
  unsigned retransmits = 0;              ///< Unanswered retransmissions of the same octet.
  bool connected = true;                 ///< The kernel has not given it up.
};

/// Nothing if `fd` is no TCP socket.
[[nodiscard]] std::optional<TcpHealth> tcp_health(int fd) noexcept;

enum class Health {
  kSlow,     ///< Alive: it answers that it can take no more. To be kept.
  kDead,     ///< It has not answered three times. To be closed.
  kUnknown,  ///< Neither shows yet. To be asked again.
};

[[nodiscard]] Health judge(const TcpHealth& health) noexcept;
/// Of a connection without progress while octets are outstanding. A unix socket is always kSlow.
[[nodiscard]] Health judge(int fd) noexcept;

/// The error that waits on the socket as an errno, 0 if there is none. It is told once: whoever
/// asks has to keep it.
[[nodiscard]] int take_error(int fd) noexcept;

/// TCP can connect a socket to itself when nobody listens on a port of its own range.
[[nodiscard]] bool connected_to_itself(int fd) noexcept;

/// Closes so that the kernel drops what is unsent and tells the peer with a reset, instead of
/// going on sending behind our back.
void close_hard(base::UniqueFd& socket) noexcept;
/// The same when its owner closes it next.
void close_without_rest(int fd) noexcept;

}  // namespace lariat::net
