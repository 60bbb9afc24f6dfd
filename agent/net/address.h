#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lariat::net {

/// Where a socket is or connects to: IPv4, IPv6 or the path of a unix socket, as the kernel wants
/// it.
struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;

  /// An IPv4 or IPv6 literal without brackets; nothing for all else. Asks no name server.
  [[nodiscard]] static std::optional<Address> from_literal(std::string_view host,
                                                           std::uint16_t port);
  /// Nothing for an empty path or one over 107 octets.
  [[nodiscard]] static std::optional<Address> from_path(std::string_view path);
  /// Copies; nothing if `from` is larger than any address, or is none.
  [[nodiscard]] static std::optional<Address> from_kernel(const sockaddr* from,
                                                          socklen_t size) noexcept;
  /// Of a bound socket.
  [[nodiscard]] static std::optional<Address> local(int fd) noexcept;
  /// Of a connected socket.
  [[nodiscard]] static std::optional<Address> peer(int fd) noexcept;

  [[nodiscard]] int family() const noexcept { return storage.ss_family; }
  /// 0 for a unix socket.
  [[nodiscard]] std::uint16_t port() const noexcept;
  void set_port(std::uint16_t port) noexcept;
  [[nodiscard]] const sockaddr* data() const noexcept {
    return reinterpret_cast<const sockaddr*>(&storage);
  }

  /// `192.0.2.1:80`, `[2001:db8::1]:80`, `/run/a.sock`, `@abstract`; `unix` for an unnamed socket.
  /// An IPv4 address mapped into IPv6 is written as the IPv4 address it is.
  [[nodiscard]] std::string text() const;
};

}  // namespace lariat::net
