#include "agent/net/plain_channel.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "agent/net/peer.h"

namespace lariat::net {

Sent PlainChannel::send(std::span<const iovec> spans) noexcept {
  if (spans.empty()) return {};
  // sendmsg() does not write to them.
  const msghdr message{.msg_iov = const_cast<iovec*>(spans.data()), .msg_iovlen = spans.size()};
  const ssize_t sent = ::sendmsg(socket_.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent < 0) {
    const bool later = errno == EAGAIN || errno == EINTR || errno == ENOBUFS;
    return {.error = later ? 0 : errno, .calls = 1};
  }
  taken_ += static_cast<std::uint64_t>(sent);
  return {.octets = static_cast<std::size_t>(sent), .calls = 1};
}

Received PlainChannel::recv(std::span<std::byte> room) noexcept {
  const ssize_t got = ::recv(socket_.get(), room.data(), room.size(), MSG_DONTWAIT);
  if (got > 0) return {.octets = static_cast<std::size_t>(got)};
  if (got == 0) return {.end = Received::End::kClosed};
  if (errno == EAGAIN || errno == EINTR) return {};
  return {.end = Received::End::kFailed, .error = errno};
}

std::optional<std::uint64_t> PlainChannel::acknowledged() noexcept {
  const auto outstanding =
      is_unix_ ? unix_unread_at_most(socket_.get()) : unacknowledged(socket_.get());
  if (!outstanding) return std::nullopt;
  return taken_ - std::min(*outstanding, taken_);
}

}  // namespace lariat::net
