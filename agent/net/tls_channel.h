#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "agent/base/unique_fd.h"
#include "agent/net/channel.h"
#include "agent/net/tls_options.h"

struct ssl_st;

namespace lariat::net {

/// A TCP socket whose octets go over TLS.
///
/// Octets become records of up to 16 KiB, several of which leave in one system call. A record that
/// was made goes out whole, so what the socket does not take of it waits inside, 3 records at most.
/// An octet has arrived when the last one of its record's ciphertext has.
/// An end without close_notify is a failure: somebody may have cut the connection.
/// Made by `TlsContext::begin`. Threads: one at a time.
class TlsChannel final : public Channel {
 public:
  /// For sentences: whose CAs the peer is checked with, as a file, and which name it must have.
  struct Words {
    std::string source;
    std::string wanted;
  };
  enum class Step : std::uint8_t {
    kMore,      ///< When the socket is readable, or writable if it `wants_write`.
    kAnswered,  ///< Done on our side, but the peer has yet to say whether it takes our certificate,
                ///< and may say nothing. Else as kMore.
    kDone,
    kFailed,  ///< `trouble` says why.
  };

  /// Takes `ssl` over.
  TlsChannel(base::UniqueFd socket, ssl_st* ssl, TlsSide side, Words words);
  ~TlsChannel() override;

  /// Goes on with the handshake. Until it is done nothing is sent or received.
  [[nodiscard]] Step handshake() noexcept;

  [[nodiscard]] int fd() const noexcept override;
  Sent send(std::span<const iovec> spans) noexcept override;
  [[nodiscard]] bool wants_write() const noexcept override;
  Received recv(std::span<std::byte> room) noexcept override;
  [[nodiscard]] bool input_waiting() const noexcept override { return input_waiting_; }
  [[nodiscard]] std::optional<std::uint64_t> acknowledged() noexcept override;
  [[nodiscard]] std::string_view trouble() const noexcept override { return trouble_; }
  /// Sends close_notify, unless a record waits inside.
  void finish() noexcept override;

 private:
  struct Impl;

  [[nodiscard]] Step settle() noexcept;
  [[nodiscard]] Step fail_handshake(int result) noexcept;
  bool flush(Sent& sent) noexcept;
  Received end_of_input(std::size_t octets, int result) noexcept;

  std::unique_ptr<Impl> impl_;
  TlsSide side_;
  bool input_waiting_ = false;
  std::string trouble_;
};

}  // namespace lariat::net
