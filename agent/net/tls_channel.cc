#include "agent/net/tls_channel.h"

#include <fmt/format.h>
#include <openssl/err.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>
#include <vector>

#include "agent/net/peer.h"
#include "agent/net/tls_records.h"
#include "agent/net/tls_wire.h"
#include "agent/net/tls_words.h"

namespace lariat::net {
namespace {

// Before the octets that are read: plain ones are put there, which come out of what was read, and
// out of the beginning of a record that had come before. They never catch up with it.
constexpr std::size_t kHead = std::size_t{17} << 10U;
// What a handshake reads in one turn: chains of certificates are a tenth of it.
constexpr std::size_t kTurn = std::size_t{128} << 10U;

std::span<const std::byte> octets_of(const iovec& span) noexcept {
  return {static_cast<const std::byte*>(span.iov_base), span.iov_len};
}

/// Cuts spans into pieces for one record each: as they lie there if that makes a whole record, or
/// nothing is left to be put behind; else put together in `room`.
class Pieces {
 public:
  Pieces(std::span<const iovec> spans, std::vector<std::byte>& room) noexcept
      : spans_(spans), room_(room) {
    skip_empty();
  }

  [[nodiscard]] bool empty() const noexcept { return spans_.empty(); }

  [[nodiscard]] std::span<const std::byte> next() {
    const auto left = octets_of(spans_.front()).subspan(taken_);
    if (left.size() >= TlsWire::kRecord || spans_.size() == 1) {
      return take(std::min(left.size(), TlsWire::kRecord));
    }
    room_.clear();
    while (!empty() && room_.size() < TlsWire::kRecord) {
      const auto rest = octets_of(spans_.front()).size() - taken_;
      const auto piece = take(std::min(rest, TlsWire::kRecord - room_.size()));
      room_.insert(room_.end(), piece.begin(), piece.end());
    }
    return room_;
  }

 private:
  std::span<const std::byte> take(std::size_t count) noexcept {
    const auto piece = octets_of(spans_.front()).subspan(taken_, count);
    taken_ += count;
    skip_empty();
    return piece;
  }

  void skip_empty() noexcept {
    while (!spans_.empty() && taken_ == spans_.front().iov_len) {
      spans_ = spans_.subspan(1);
      taken_ = 0;
    }
  }

  std::span<const iovec> spans_;
  std::size_t taken_ = 0;  // Of the first.
  std::vector<std::byte>& room_;
};

}  // namespace

struct TlsChannel::Impl {
  Impl(base::UniqueFd socket, SSL* taken, Words sentence_parts)
      : wire(std::move(socket)), ssl(taken), words(std::move(sentence_parts)) {}

  [[nodiscard]] bool seal_some(Pieces& pieces, std::size_t& octets) noexcept;

  static Impl& of(SSL* ssl) noexcept { return *static_cast<Impl*>(SSL_get_app_data(ssl)); }
  static int on_verified(int good, X509_STORE_CTX* check);
  static int on_certificate_asked(SSL* ssl, void* impl);
  static void on_message(int write, int, int type, const void*, std::size_t, SSL* ssl, void*);

  TlsWire wire;
  TlsPtr<SSL> ssl;  // Borrows the wire.
  Words words;
  TlsRecords records;
  std::vector<std::byte> room;  // For pieces that are put together.
  std::string refused;          // Why the peer's certificate is.
  bool shaken = false;          // The handshake is done on our side.
  bool asked = false;           // For our certificate.
  bool answered = false;        // A message came after the handshake.
  bool finished = false;
};

int TlsChannel::Impl::on_verified(int good, X509_STORE_CTX* check) {
  if (good == 1) return 1;
  auto* ssl =
      static_cast<SSL*>(X509_STORE_CTX_get_ex_data(check, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto& impl = of(ssl);
  if (impl.refused.empty()) impl.refused = refusal(check, impl.words.source, impl.words.wanted);
  return 0;
}

int TlsChannel::Impl::on_certificate_asked(SSL*, void* impl) {
  static_cast<Impl*>(impl)->asked = true;
  return 1;
}

// NOLINTNEXTLINE(readability-function-size): the parameters are the library's.
void TlsChannel::Impl::on_message(int write, int, int type, const void*, std::size_t, SSL* ssl,
                                  void*) {
  auto& impl = of(ssl);
  if (write == 0 && type == SSL3_RT_HANDSHAKE && impl.shaken) impl.answered = true;
}

TlsChannel::TlsChannel(base::UniqueFd socket, ssl_st* ssl, TlsSide side, Words words)
    : impl_(std::make_unique<Impl>(std::move(socket), ssl, std::move(words))), side_(side) {
  SSL_set_app_data(ssl, impl_.get());
  SSL_set_verify(ssl, SSL_get_verify_mode(ssl), &Impl::on_verified);
  auto bio = impl_->wire.make_bio();
  SSL_set_bio(ssl, bio.get(), bio.get());
  static_cast<void>(bio.release());
  if (side == TlsSide::kServer) {
    SSL_set_accept_state(ssl);
    return;
  }
  SSL_set_connect_state(ssl);
  SSL_set_cert_cb(ssl, &Impl::on_certificate_asked, impl_.get());
  SSL_set_msg_callback(ssl, &Impl::on_message);
}

TlsChannel::~TlsChannel() = default;

int TlsChannel::fd() const noexcept { return impl_->wire.fd(); }

bool TlsChannel::wants_write() const noexcept { return impl_->wire.waiting(); }

TlsChannel::Step TlsChannel::handshake() noexcept {
  auto& wire = impl_->wire;
  wire.allow(kTurn);
  unsigned calls = 0;
  if (wire.waiting() && !wire.flush(calls) && wire.error() != 0) return fail_handshake(-1);
  if (!impl_->shaken) {
    ERR_clear_error();
    const int result = SSL_do_handshake(impl_->ssl.get());
    static_cast<void>(wire.flush(calls));
    impl_->shaken = result == 1;
    if (result != 1 && SSL_get_error(impl_->ssl.get(), result) != SSL_ERROR_WANT_READ) {
      return fail_handshake(result);
    }
    if (wire.error() != 0) return fail_handshake(-1);
  }
  if (!impl_->shaken || wire.waiting()) return Step::kMore;
  return settle();
}

// In TLS 1.3 a server judges our certificate, or that we gave none, when we are done already.
TlsChannel::Step TlsChannel::settle() noexcept {
  auto* ssl = impl_->ssl.get();
  if (!impl_->asked || SSL_version(ssl) < TLS1_3_VERSION) return Step::kDone;
  ERR_clear_error();
  char next = 0;
  const int result = SSL_peek(ssl, &next, 1);
  if (result > 0) {
    input_waiting_ = true;
    return Step::kDone;
  }
  if (SSL_get_error(ssl, result) != SSL_ERROR_WANT_READ) return fail_handshake(result);
  return impl_->answered ? Step::kDone : Step::kAnswered;
}

TlsChannel::Step TlsChannel::fail_handshake(int result) noexcept {
  const auto code = ERR_peek_error();
  const bool ended = result == 0 || impl_->wire.ended();
  const bool lacks_ours = impl_->asked && SSL_get_certificate(impl_->ssl.get()) == nullptr;
  if (!impl_->refused.empty()) {
    trouble_ = impl_->refused;
  } else if (code != 0 && ERR_GET_LIB(code) == ERR_LIB_SSL && !impl_->wire.ended()) {
    trouble_ = protocol_fault(code, side_, lacks_ours);
  } else if (impl_->wire.error() != 0) {
    trouble_ = fmt::format("the connection broke during the TLS handshake: {}",
                           std::generic_category().message(impl_->wire.error()));
  } else if (ended && !impl_->wire.heard()) {
    trouble_ = "it closed the connection instead of answering in TLS: is it a port without?";
  } else {
    trouble_ = "it closed the connection during the TLS handshake";
  }
  ERR_clear_error();
  return Step::kFailed;
}

bool TlsChannel::flush(Sent& sent) noexcept {
  const bool all = impl_->wire.flush(sent.calls);
  if (!all) sent.error = impl_->wire.error();
  return all;
}

// Records until a call is worth it. False if OpenSSL makes none any more.
bool TlsChannel::Impl::seal_some(Pieces& pieces, std::size_t& octets) noexcept {
  for (std::size_t count = 0; count < TlsWire::kBatch && !pieces.empty(); ++count) {
    const auto piece = pieces.next();
    const auto size = static_cast<int>(piece.size());
    ERR_clear_error();
    if (SSL_write(ssl.get(), piece.data(), size) != size) return false;
    records.add(static_cast<std::uint32_t>(piece.size()), wire.octets_gathered());
    octets += piece.size();
  }
  return true;
}

Sent TlsChannel::send(std::span<const iovec> spans) noexcept {
  Sent sent;
  if (!flush(sent)) return sent;
  Pieces pieces(spans, impl_->room);
  while (!pieces.empty()) {
    if (!impl_->seal_some(pieces, sent.octets)) {
      trouble_ = protocol_fault(ERR_peek_error(), side_, false);
      sent.error = EPROTO;
      return sent;
    }
    if (!flush(sent)) break;
  }
  return sent;
}

Received TlsChannel::recv(std::span<std::byte> room) noexcept {
  assert(room.size() >= kLeastRoom);
  auto& wire = impl_->wire;
  input_waiting_ = false;
  wire.fill(room.subspan(kHead));
  const auto filled = wire.octets_left();
  std::size_t plain = 0;
  while (true) {
    ERR_clear_error();
    const auto free = kHead + (filled - wire.octets_left()) - plain;
    const int result = SSL_read(impl_->ssl.get(), room.data() + plain, static_cast<int>(free));
    if (result <= 0) return end_of_input(plain, result);
    plain += static_cast<std::size_t>(result);
  }
}

Received TlsChannel::end_of_input(std::size_t octets, int result) noexcept {
  const int state = SSL_get_error(impl_->ssl.get(), result);
  const auto code = ERR_peek_error();
  // Answers to what the peer asked for, or why we leave.
  unsigned calls = 0;
  static_cast<void>(impl_->wire.flush(calls));
  const auto& wire = impl_->wire;
  if (state == SSL_ERROR_ZERO_RETURN) return {octets, Received::End::kClosed, 0};
  if (wire.error() != 0) return {octets, Received::End::kFailed, wire.error()};
  if (state == SSL_ERROR_WANT_READ) return {.octets = octets};
  if (wire.ended()) {
    trouble_ = "its end came without the close of TLS: somebody may have cut it";
    return {octets, Received::End::kFailed, ECONNRESET};
  }
  const bool lacks_ours = impl_->asked && SSL_get_certificate(impl_->ssl.get()) == nullptr;
  trouble_ = protocol_fault(code, side_, lacks_ours);
  ERR_clear_error();
  return {octets, Received::End::kFailed, EPROTO};
}

std::optional<std::uint64_t> TlsChannel::acknowledged() noexcept {
  const auto outstanding = unacknowledged(fd());
  if (!outstanding) return std::nullopt;
  const auto sent = impl_->wire.octets_sent();
  return impl_->records.acknowledge(sent - std::min(*outstanding, sent));
}

void TlsChannel::finish() noexcept {
  if (!impl_->shaken || wants_write() || impl_->wire.error() != 0) return;
  if (std::exchange(impl_->finished, true)) return;
  ERR_clear_error();
  SSL_shutdown(impl_->ssl.get());
  ERR_clear_error();
  unsigned calls = 0;
  static_cast<void>(impl_->wire.flush(calls));
}

}  // namespace lariat::net
