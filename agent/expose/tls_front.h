#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <vector>

#include "agent/base/unique_fd.h"
#include "agent/loop/loop.h"
#include "agent/loop/prepare_hook.h"
#include "agent/net/tls_context.h"

namespace lariat::expose {

/// Speaks TLS with clients in front of a server that speaks plain: that one gets an end of a socket
/// pair for each client whose handshake is done, and octets are handed over between the two.
///
/// A client has so long for its handshake, and so long to take what was sealed for it: else its
/// connection is closed. What one side does not take is not read from the other, so no more than
/// some records wait. An end on one side becomes an end on the other. Idle it costs nothing.
/// Ownership: borrows the loop. Threads: loop thread only.
class TlsFront {
 public:
  struct Limits {
    std::chrono::milliseconds handshake;
    std::chrono::milliseconds taking;
  };
  /// The server's end of a pair, which does not block.
  using Ready = std::function<void(base::UniqueFd plain)>;

  TlsFront(loop::Loop& loop, Limits limits, Ready ready);
  ~TlsFront();
  TlsFront(const TlsFront&) = delete;
  TlsFront& operator=(const TlsFront&) = delete;

  /// A client that has just connected. `context` is a server's.
  void take(base::UniqueFd connection, net::TlsContext& context);
  /// Ends all connections.
  void close() noexcept;
  /// Connections that the server does not know of: in their handshake, or only to be emptied.
  [[nodiscard]] std::size_t apart() const noexcept;
  /// Ends the oldest of those that are only to be emptied.
  void make_room() noexcept;

 private:
  class Tunnel;

  void remove_ended();

  loop::Loop& loop_;
  Limits limits_;
  Ready ready_;
  std::vector<std::byte> room_;  // For one reading.
  std::list<Tunnel> tunnels_;
  bool any_ended_ = false;
  loop::PrepareHook turn_end_;
};

}  // namespace lariat::expose
