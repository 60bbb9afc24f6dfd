#include "tests/integration/tls_receiver.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <span>
#include <stdexcept>

#include "proto/message.h"

namespace lariat::test {
namespace {

constexpr int kPatienceMs = 30'000;
// Longer than an acknowledgement is delayed.
constexpr int kQuietMs = 100;

}  // namespace

TlsReceiver::TlsReceiver(const CertificateFiles& files)
    : context_(SSL_CTX_new(TLS_server_method())),
      listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (SSL_CTX_use_certificate_chain_file(context_.get(), files.certificate.c_str()) != 1 ||
      SSL_CTX_use_PrivateKey_file(context_.get(), files.key.c_str(), SSL_FILETYPE_PEM) != 1 ||
      ::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener_.get(), 16) != 0) {
    throw std::runtime_error("the receiver over TLS cannot listen");
  }
}

std::string TlsReceiver::url() const {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size);
  return "tsdp+tls://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
}

bool TlsReceiver::wait_readable(int fd, int patience_ms) const {
  pollfd readable{.fd = fd, .events = POLLIN};
  return ::poll(&readable, 1, patience_ms) == 1;
}

bool TlsReceiver::accept(std::chrono::milliseconds patience) {
  if (!wait_readable(listener_.get(), static_cast<int>(patience.count()))) return false;
  socket_.reset(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  session_.reset(SSL_new(context_.get()));
  SSL_set_fd(session_.get(), socket_.get());
  decoder_ = proto::Decoder();
  ended_cleanly_ = false;
  while (SSL_accept(session_.get()) != 1) {
    if (!wait_readable(socket_.get(), kPatienceMs)) return false;
  }
  return true;
}

bool TlsReceiver::read_some() {
  const int got = SSL_read(session_.get(), room_.data(), static_cast<int>(room_.size()));
  if (got > 0) {
    take(static_cast<std::size_t>(got));
    return true;
  }
  const int why = SSL_get_error(session_.get(), got);
  ended_cleanly_ = why == SSL_ERROR_ZERO_RETURN;
  return why == SSL_ERROR_WANT_READ;
}

void TlsReceiver::take(std::size_t size) {
  decoder_.feed(std::as_bytes(std::span(room_).first(size)));
  while (const auto event = decoder_.next()) {
    if (event->outcome != proto::Decoder::Outcome::kMessage) {
      ++bad_;
      return;
    }
    if (event->message.opcode() != proto::Opcode::kSubmit) continue;
    ++frames_;
    numbers_.insert(static_cast<std::uint64_t>(proto::Submit(event->message).value(0)));
  }
}

void TlsReceiver::read_for(std::chrono::milliseconds duration) {
  const Deadline deadline(duration);
  while (!deadline.passed()) {
    if (wait_readable(socket_.get(), deadline.left()) && !read_some()) return;
  }
}

bool TlsReceiver::read_to_end(std::chrono::milliseconds patience) {
  const Deadline deadline(patience);
  while (!deadline.passed()) {
    if (wait_readable(socket_.get(), deadline.left()) && !read_some()) return true;
  }
  return false;
}

void TlsReceiver::drain() {
  while (wait_readable(socket_.get(), kQuietMs)) {
    if (!read_some()) return;
  }
  if (SSL_has_pending(session_.get()) != 0 || decoder_.mid_message()) ++cut_in_record_;
}

void TlsReceiver::reset() {
  const linger none{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &none, sizeof none);
  session_.reset();
  socket_.reset();
}

void TlsReceiver::close(bool with_word) {
  if (with_word) SSL_shutdown(session_.get());
  session_.reset();
  socket_.reset();
}

}  // namespace lariat::test
