#include "collectors/linux/link_dump.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace lariat::host {
namespace {

// The kernel fills a datagram up to 32 KiB if there is as much room.
constexpr std::size_t kDatagram = 32768;
// A dump is made while it is read: nothing to wait for, but nothing waits without end either.
constexpr timeval kPatience{.tv_sec = 1, .tv_usec = 0};

constexpr std::size_t align(std::size_t length) noexcept {
  return (length + NLMSG_ALIGNTO - 1) & ~std::size_t{NLMSG_ALIGNTO - 1};
}
static_assert(NLMSG_ALIGNTO == RTA_ALIGNTO);

template <typename Header>
Header load(std::span<const std::byte> bytes) noexcept {
  Header header{};
  std::memcpy(&header, bytes.data(), std::min(sizeof header, bytes.size()));
  return header;
}

// What is said of one interface.
void take_link(std::span<const std::byte> body, IndexTaker take) noexcept {
  const auto link = load<if_stats_msg>(body);
  auto rest = body.subspan(align(sizeof link));
  while (rest.size() >= sizeof(rtattr)) {
    const auto attribute = load<rtattr>(rest);
    if (attribute.rta_len < sizeof(rtattr) || attribute.rta_len > rest.size()) return;
    if (attribute.rta_type == IFLA_STATS_LINK_64) {
      // An older kernel has fewer counters, which are the first ones: the others are 0.
      take(link.ifindex, load<rtnl_link_stats64>(
                             rest.subspan(sizeof(rtattr), attribute.rta_len - sizeof(rtattr))));
      return;
    }
    rest = rest.subspan(std::min(align(attribute.rta_len), rest.size()));
  }
}

}  // namespace

LinkParse parse_links(std::span<const std::byte> datagram, std::uint32_t sequence,
                      IndexTaker take) noexcept {
  while (datagram.size() >= sizeof(nlmsghdr)) {
    const auto header = load<nlmsghdr>(datagram);
    if (header.nlmsg_len < sizeof(nlmsghdr) || header.nlmsg_len > datagram.size()) {
      return LinkParse::kFailed;
    }
    const auto body = datagram.subspan(sizeof(nlmsghdr), header.nlmsg_len - sizeof(nlmsghdr));
    datagram = datagram.subspan(std::min(align(header.nlmsg_len), datagram.size()));
    if (header.nlmsg_seq != sequence) continue;
    if (header.nlmsg_type == NLMSG_DONE) return LinkParse::kDone;
    if (header.nlmsg_type == NLMSG_ERROR) return LinkParse::kFailed;
    if (header.nlmsg_type == RTM_NEWSTATS && body.size() >= align(sizeof(if_stats_msg))) {
      take_link(body, take);
    }
  }
  return LinkParse::kMore;
}

bool LinkDump::read(LinkTaker take) {
  if (!open_it() || !ask()) return false;
  const auto named = [this, take](std::uint32_t index, const rtnl_link_stats64& stats) {
    std::array<char, IFNAMSIZ> name;
    // Gone meanwhile: it is no more.
    if (is_called(index, name)) take(name.data(), stats);
  };
  while (true) {
    const ssize_t got = ::recv(socket_, buffer_.data(), buffer_.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return fail("receive");
    const auto datagram = std::span<const std::byte>(buffer_).first(static_cast<std::size_t>(got));
    switch (parse_links(datagram, sequence_, named)) {
      case LinkParse::kMore:
        break;
      case LinkParse::kDone:
        return true;
      case LinkParse::kFailed:
        errno = EPROTO;
        return fail("read the answer");
    }
  }
}

bool LinkDump::open_it() {
  if (socket_ >= 0) return true;
  socket_ = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (socket_ < 0) return fail("open a socket");
  if (::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience) != 0) {
    return fail("set a time-out");
  }
  buffer_.resize(kDatagram);
  return true;
}

bool LinkDump::ask() {
  struct {
    nlmsghdr header;
    if_stats_msg link;
  } request{};
  request.header = {.nlmsg_len = sizeof request,
                    .nlmsg_type = RTM_GETSTATS,
                    .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
                    .nlmsg_seq = ++sequence_,
                    .nlmsg_pid = 0};
  request.link.filter_mask = IFLA_STATS_FILTER_BIT(IFLA_STATS_LINK_64);
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  const ssize_t sent = ::sendto(socket_, &request, sizeof request, 0,
                                reinterpret_cast<const sockaddr*>(&kernel), sizeof kernel);
  return sent == ssize_t{sizeof request} || fail("ask");
}

bool LinkDump::is_called(std::uint32_t index, std::span<char> name) const noexcept {
  ifreq request{};
  request.ifr_ifindex = static_cast<int>(index);
  // Any socket will do.
  if (::ioctl(socket_, SIOCGIFNAME, &request) != 0) return false;
  std::ranges::copy(request.ifr_name, name.begin());
  name.back() = '\0';
  return true;
}

bool LinkDump::fail(std::string_view what) {
  error_ = "netlink: cannot " + std::string(what) + ": " + std::generic_category().message(errno);
  // A late answer must not be taken for the next one.
  close_it();
  return false;
}

void LinkDump::close_it() noexcept {
  if (socket_ >= 0) ::close(std::exchange(socket_, -1));
}

}  // namespace lariat::host
