#pragma once

#include <openssl/ssl.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <set>
#include <string>

#include "agent/base/unique_fd.h"
#include "proto/decode.h"
#include "tests/support/certificates.h"
#include "tests/support/process.h"

namespace lariat::test {

/// A receiver of TSDP over TLS in the hands of plain OpenSSL, driven by its test: it does what it
/// is told to, and nothing in between. Threads: one.
class TlsReceiver {
 public:
  explicit TlsReceiver(const CertificateFiles& files);

  [[nodiscard]] std::string url() const;
  /// Takes the next connection, handshake included; false if none comes.
  [[nodiscard]] bool accept(std::chrono::milliseconds patience = kPatience);
  /// Reads what comes for so long, or to the end.
  void read_for(std::chrono::milliseconds duration);
  /// Reads to the end of the connection; false if it does not come.
  [[nodiscard]] bool read_to_end(std::chrono::milliseconds patience = kPatience);
  /// Reads until the kernel has had nothing for a while: all that was acknowledged is read then.
  void drain();
  /// Ends the connection with a reset.
  void reset();
  /// Ends it without one: with the word of TLS, or without.
  void close(bool with_word);

  /// The other side ended with the word of TLS.
  [[nodiscard]] bool ended_cleanly() const noexcept { return ended_cleanly_; }
  [[nodiscard]] const std::set<std::uint64_t>& numbers() const noexcept { return numbers_; }
  [[nodiscard]] std::uint64_t frames() const noexcept { return frames_; }
  [[nodiscard]] std::uint64_t bad() const noexcept { return bad_; }
  /// Drained connections of which part of a record or of a frame had come.
  [[nodiscard]] std::uint64_t cut_in_record() const noexcept { return cut_in_record_; }

 private:
  struct Free {
    void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
    void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
  };

  // False at the end of the connection.
  bool read_some();
  void take(std::size_t size);
  [[nodiscard]] bool wait_readable(int fd, int patience_ms) const;

  std::unique_ptr<SSL_CTX, Free> context_;
  base::UniqueFd listener_;
  base::UniqueFd socket_;
  std::unique_ptr<SSL, Free> session_;
  proto::Decoder decoder_;
  std::string room_ = std::string(std::size_t{16} << 10U, '\0');
  bool ended_cleanly_ = false;
  std::set<std::uint64_t> numbers_;
  std::uint64_t frames_ = 0;
  std::uint64_t bad_ = 0;
  std::uint64_t cut_in_record_ = 0;
};

}  // namespace lariat::test
