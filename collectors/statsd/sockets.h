#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace lariat::statsd {

/// A descriptor, closed with it.
class Socket {
 public:
  explicit Socket(int descriptor = -1) noexcept : descriptor_(descriptor) {}
  Socket(Socket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~Socket();

  [[nodiscard]] int get() const noexcept { return descriptor_; }
  explicit operator bool() const noexcept { return descriptor_ >= 0; }

 private:
  int descriptor_;
};

/// Where to listen.
struct Address {
  enum class Transport : std::uint8_t { kUdp, kTcp, kUnixDatagram };
  Transport transport = Transport::kUdp;
  std::string host;  ///< In numbers; a path for kUnixDatagram.
  std::string port;
};

/// Reads `udp://127.0.0.1:8125`, `tcp://[::1]:8125`, `unixgram:///run/statsd.sock`. What is wrong
/// as one sentence, or nothing.
[[nodiscard]] std::string parse_address(std::string_view text, Address& address);

/// `udp://127.0.0.1:8125`, with the port that a socket really has.
[[nodiscard]] std::string to_string(const Address& address, const Socket& socket);

/// Binds a socket, non-blocking; a stream socket listens. One for datagrams gets as large a buffer
/// as the kernel allows, up to 32 MiB. Of a path a socket that nobody reads any more is removed.
/// What went wrong as one sentence, or nothing.
[[nodiscard]] std::string listen_at(const Address& address, Socket& socket);

/// What the kernel has dropped for want of room since the socket was made; wraps.
[[nodiscard]] std::uint32_t kernel_drops(const Socket& socket) noexcept;

}  // namespace lariat::statsd
