#pragma once

// Private to agent/net: the ciphertext's side of a TLS connection.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "agent/base/unique_fd.h"
#include "agent/net/tls_library.h"

namespace lariat::net {

/// Stands between OpenSSL and the socket: what OpenSSL writes is gathered here, and sent when
/// several records are there; what it reads comes from octets that were read before, or in a
/// handshake from the socket. Keeps the first error of the socket, which tells it once only.
///
/// Holds `kMost` octets at most; over that OpenSSL's write fails. Threads: one at a time.
class TlsWire {
 public:
  /// A record is 16 KiB and what TLS adds to it.
  static constexpr std::size_t kRecord = std::size_t{16} << 10U;
  /// Just below 64 KiB, which the kernel sends as one piece; more of them cost a fifth more CPU.
  static constexpr std::size_t kBatch = 3;
  static constexpr std::size_t kMost = kBatch * (kRecord + 256) + 4096;

  explicit TlsWire(base::UniqueFd socket) noexcept : socket_(std::move(socket)) {}
  TlsWire(const TlsWire&) = delete;
  TlsWire& operator=(const TlsWire&) = delete;

  /// For SSL_set_bio. Borrows the wire.
  [[nodiscard]] TlsPtr<BIO> make_bio();

  /// Sends what was gathered: one system call, or none. True if nothing is left.
  bool flush(unsigned& calls) noexcept;
  /// Reads the socket once; OpenSSL then reads that, and not the socket any more. `room` is in use
  /// until all of it is read.
  void fill(std::span<std::byte> room) noexcept;
  /// Before that OpenSSL reads the socket by itself, until this much was read since the last call:
  /// a peer that sends without end in a handshake has one turn like any other.
  void allow(std::size_t octets) noexcept { allowed_ = octets; }

  [[nodiscard]] int fd() const noexcept { return socket_.get(); }
  [[nodiscard]] bool waiting() const noexcept { return sent_ < gathered_.size(); }
  /// Octets gathered since the beginning, and of them sent.
  [[nodiscard]] std::uint64_t octets_gathered() const noexcept {
    return octets_sent_ + (gathered_.size() - sent_);
  }
  [[nodiscard]] std::uint64_t octets_sent() const noexcept { return octets_sent_; }
  [[nodiscard]] std::size_t octets_left() const noexcept { return input_.size(); }
  /// The socket's first error as an errno; 0 if there was none.
  [[nodiscard]] int error() const noexcept { return error_; }
  [[nodiscard]] bool ended() const noexcept { return ended_; }
  [[nodiscard]] bool heard() const noexcept { return heard_; }

 private:
  static const BIO_METHOD* method();
  static int on_write(BIO* bio, const char* data, int size);
  static int on_read(BIO* bio, char* to, int room);
  static long on_control(BIO* bio, int command, long, void*);
  std::size_t read_socket(std::span<std::byte> room) noexcept;

  base::UniqueFd socket_;
  std::vector<std::byte> gathered_;
  std::size_t sent_ = 0;  // Of those gathered.
  std::uint64_t octets_sent_ = 0;
  std::span<const std::byte> input_;
  bool from_socket_ = true;
  std::size_t allowed_ = 0;  // Of octets that OpenSSL may read from the socket.
  int error_ = 0;
  bool ended_ = false;
  bool heard_ = false;
};

}  // namespace lariat::net
