#pragma once

#include <sys/epoll.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "agent/base/unique_fd.h"

namespace lariat::bench {

/// Connections to the sinks, made as the agent makes its own: same socket, same options.
///
/// Whatever goes wrong ends the program: a number measured on half the peers is no number.
class Peers {
 public:
  /// Connects to each port of 127.0.0.1.
  explicit Peers(std::span<const std::uint16_t> ports);

  [[nodiscard]] std::size_t size() const noexcept { return sockets_.size(); }
  /// How many of the octets the kernel took; fewer than all when its buffer is full.
  [[nodiscard]] std::size_t send(std::size_t peer, std::span<const std::byte> bytes);
  /// `wait_writable` will name this peer, once.
  void await_writable(std::size_t peer);
  /// Sleeps until one of those that were asked for can take more; valid until the next call.
  [[nodiscard]] std::span<const std::size_t> wait_writable();
  /// Sleeps until the other side has acknowledged every octet.
  void wait_acknowledged() const;

  [[nodiscard]] std::uint64_t sends() const noexcept { return sends_; }
  [[nodiscard]] std::uint64_t stalls() const noexcept { return stalls_; }

 private:
  std::vector<base::UniqueFd> sockets_;
  base::UniqueFd epoll_;
  std::vector<epoll_event> events_;
  std::vector<std::size_t> writable_;
  std::uint64_t sends_ = 0;
  std::uint64_t stalls_ = 0;
};

}  // namespace lariat::bench
