#include "collectors/linux/route_dump.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace lariat::host {
namespace {

// The kernel fills a datagram up to 32 KiB if there is as much room.
constexpr std::size_t kDatagram = 32768;
// A dump is made while it is read: nothing to wait for, but nothing waits without end either.
constexpr timeval kPatience{.tv_sec = 1, .tv_usec = 0};

}  // namespace

DumpParse parse_dump(std::span<const std::byte> datagram, std::uint32_t sequence,
                     MessageTaker take) noexcept {
  while (datagram.size() >= sizeof(nlmsghdr)) {
    const auto header = load_header<nlmsghdr>(datagram);
    if (header.nlmsg_len < sizeof(nlmsghdr) || header.nlmsg_len > datagram.size()) {
      return DumpParse::kFailed;
    }
    const auto body = datagram.subspan(sizeof(nlmsghdr), header.nlmsg_len - sizeof(nlmsghdr));
    datagram = datagram.subspan(std::min(route_aligned(header.nlmsg_len), datagram.size()));
    if (header.nlmsg_seq != sequence) continue;
    if (header.nlmsg_type == NLMSG_DONE) return DumpParse::kDone;
    if (header.nlmsg_type == NLMSG_ERROR) return DumpParse::kFailed;
    take(header.nlmsg_type, body);
  }
  return DumpParse::kMore;
}

bool RouteDump::read(std::uint16_t type, std::span<const std::byte> body, MessageTaker take) {
  if (!open_it() || !ask(type, body)) return false;
  while (true) {
    const ssize_t got = ::recv(socket_, buffer_.data(), buffer_.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return fail("receive");
    const auto datagram = std::span<const std::byte>(buffer_).first(static_cast<std::size_t>(got));
    switch (parse_dump(datagram, sequence_, take)) {
      case DumpParse::kMore:
        break;
      case DumpParse::kDone:
        return true;
      case DumpParse::kFailed:
        errno = EPROTO;
        return fail("read the answer");
    }
  }
}

bool RouteDump::open_it() {
  if (socket_ >= 0) return true;
  socket_ = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (socket_ < 0) return fail("open a socket");
  if (::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience) != 0) {
    return fail("set a time-out");
  }
  buffer_.resize(kDatagram);
  return true;
}

bool RouteDump::ask(std::uint16_t type, std::span<const std::byte> body) {
  const auto size = sizeof(nlmsghdr) + body.size();
  const nlmsghdr header{.nlmsg_len = static_cast<std::uint32_t>(size),
                        .nlmsg_type = type,
                        .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
                        .nlmsg_seq = ++sequence_,
                        .nlmsg_pid = 0};
  std::memcpy(buffer_.data(), &header, sizeof header);
  std::memcpy(buffer_.data() + sizeof header, body.data(), body.size());
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  const ssize_t sent = ::sendto(socket_, buffer_.data(), size, 0,
                                reinterpret_cast<const sockaddr*>(&kernel), sizeof kernel);
  return sent == static_cast<ssize_t>(size) || fail("ask");
}

bool RouteDump::fail(std::string_view what) {
  error_ = "netlink: cannot " + std::string(what) + ": " + std::generic_category().message(errno);
  // A late answer must not be taken for the next one.
  close_it();
  return false;
}

void RouteDump::close_it() noexcept {
  if (socket_ >= 0) ::close(std::exchange(socket_, -1));
}

}  // namespace lariat::host
