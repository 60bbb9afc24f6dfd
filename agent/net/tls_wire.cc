#include "agent/net/tls_wire.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace lariat::net {

// Made once and never freed: OpenSSL numbers them.
const BIO_METHOD* TlsWire::method() {
  static const BIO_METHOD* const kept = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "lariat");
    BIO_meth_set_write(made, &TlsWire::on_write);
    BIO_meth_set_read(made, &TlsWire::on_read);
    BIO_meth_set_ctrl(made, &TlsWire::on_control);
    return made;
  }();
  return kept;
}

TlsPtr<BIO> TlsWire::make_bio() {
  TlsPtr<BIO> bio(BIO_new(method()));
  BIO_set_data(bio.get(), this);
  BIO_set_init(bio.get(), 1);
  return bio;
}

int TlsWire::on_write(BIO* bio, const char* data, int size) {
  auto& wire = *static_cast<TlsWire*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  const std::span octets(reinterpret_cast<const std::byte*>(data), static_cast<std::size_t>(size));
  // A peer asks for answers and does not read them.
  if (wire.gathered_.size() - wire.sent_ + octets.size() > kMost) return -1;
  wire.gathered_.insert(wire.gathered_.end(), octets.begin(), octets.end());
  return size;
}

int TlsWire::on_read(BIO* bio, char* to, int room) {
  auto& wire = *static_cast<TlsWire*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  const std::span target(reinterpret_cast<std::byte*>(to), static_cast<std::size_t>(room));
  std::size_t count = 0;
  if (!wire.input_.empty()) {
    count = std::min(target.size(), wire.input_.size());
    std::memcpy(target.data(), wire.input_.data(), count);
    wire.input_ = wire.input_.subspan(count);
  } else if (wire.from_socket_ && wire.allowed_ > 0) {
    count = wire.read_socket(target.first(std::min(target.size(), wire.allowed_)));
    wire.allowed_ -= count;
  }
  if (count > 0) return static_cast<int>(count);
  if (wire.ended_) return 0;
  if (wire.error_ == 0) BIO_set_retry_read(bio);
  return -1;
}

long TlsWire::on_control(BIO*, int command, long, void*) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

std::size_t TlsWire::read_socket(std::span<std::byte> room) noexcept {
  const ssize_t got = ::recv(socket_.get(), room.data(), room.size(), MSG_DONTWAIT);
  if (got > 0) {
    heard_ = true;
    return static_cast<std::size_t>(got);
  }
  if (got == 0) {
    ended_ = true;
  } else if (errno != EAGAIN && errno != EINTR && error_ == 0) {
    error_ = errno;
  }
  return 0;
}

void TlsWire::fill(std::span<std::byte> room) noexcept {
  from_socket_ = false;
  input_ = room.first(read_socket(room));
}

bool TlsWire::flush(unsigned& calls) noexcept {
  if (!waiting()) return true;
  const auto left = std::span(gathered_).subspan(sent_);
  const ssize_t sent = ::send(socket_.get(), left.data(), left.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  ++calls;
  if (sent < 0) {
    const bool later = errno == EAGAIN || errno == EINTR || errno == ENOBUFS;
    if (!later && error_ == 0) error_ = errno;
    return false;
  }
  sent_ += static_cast<std::size_t>(sent);
  octets_sent_ += static_cast<std::uint64_t>(sent);
  if (waiting()) return false;
  gathered_.clear();
  sent_ = 0;
  return true;
}

}  // namespace lariat::net
