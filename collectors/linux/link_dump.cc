#include "collectors/linux/link_dump.h"

#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <array>

namespace lariat::host {
namespace {

// What is said of one interface.
void take_link(std::uint16_t type, std::span<const std::byte> body, IndexTaker take) noexcept {
  if (type != RTM_NEWSTATS || body.size() < route_aligned(sizeof(if_stats_msg))) return;
  const auto link = load_header<if_stats_msg>(body);
  auto rest = body.subspan(route_aligned(sizeof link));
  while (rest.size() >= sizeof(rtattr)) {
    const auto attribute = load_header<rtattr>(rest);
    if (attribute.rta_len < sizeof(rtattr) || attribute.rta_len > rest.size()) return;
    if (attribute.rta_type == IFLA_STATS_LINK_64) {
      // An older kernel has fewer counters, which are the first ones: the others are 0.
      take(link.ifindex, load_header<rtnl_link_stats64>(
                             rest.subspan(sizeof(rtattr), attribute.rta_len - sizeof(rtattr))));
      return;
    }
    rest = rest.subspan(std::min(route_aligned(attribute.rta_len), rest.size()));
  }
}

}  // namespace

DumpParse parse_links(std::span<const std::byte> datagram, std::uint32_t sequence,
                      IndexTaker take) noexcept {
  return parse_dump(
      datagram, sequence,
      [take](std::uint16_t type, std::span<const std::byte> body) { take_link(type, body, take); });
}

bool LinkDump::read(LinkTaker take) {
  if_stats_msg wanted{};
  wanted.filter_mask = IFLA_STATS_FILTER_BIT(IFLA_STATS_LINK_64);
  const auto named = [this, take](std::uint32_t index, const rtnl_link_stats64& stats) {
    std::array<char, IFNAMSIZ> name;
    // Gone meanwhile: it is no more.
    if (is_called(index, name)) take(name.data(), stats);
  };
  return dump_.read(RTM_GETSTATS, wanted,
                    [&named](std::uint16_t type, std::span<const std::byte> body) {
                      take_link(type, body, named);
                    });
}

bool LinkDump::is_called(std::uint32_t index, std::span<char> name) const noexcept {
  ifreq request{};
  request.ifr_ifindex = static_cast<int>(index);
  // Any socket will do.
  if (::ioctl(dump_.socket(), SIOCGIFNAME, &request) != 0) return false;
  std::ranges::copy(request.ifr_name, name.begin());
  name.back() = '\0';
  return true;
}

}  // namespace lariat::host
