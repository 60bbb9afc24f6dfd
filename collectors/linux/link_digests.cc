#include "collectors/linux/link_digests.h"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <functional>

namespace lariat::host {
namespace {

std::string_view text_of(std::span<const std::byte> octets) noexcept {
  return {reinterpret_cast<const char*>(octets.data()), octets.size()};
}

// With the attribute that leaves the counters out.
struct Wanted {
  ifinfomsg link{};
  rtattr head{.rta_len = sizeof(rtattr) + sizeof(std::uint32_t), .rta_type = IFLA_EXT_MASK};
  std::uint32_t mask = RTEXT_FILTER_SKIP_STATS;
};

}  // namespace

bool LinkDigests::read() {
  count_ = 0;
  const bool good =
      dump_.read(RTM_GETLINK, Wanted(),
                 [this](std::uint16_t type, std::span<const std::byte> body) { take(type, body); });
  if (!good) count_ = 0;
  return good;
}

void LinkDigests::take(std::uint16_t type, std::span<const std::byte> body) {
  if (type != RTM_NEWLINK || body.size() < route_aligned(sizeof(ifinfomsg))) return;
  constexpr std::uint64_t kSpread = 0x9e37'79b9'7f4a'7c15U;
  std::uint64_t digest = std::hash<std::string_view>()(text_of(body.first(sizeof(ifinfomsg))));
  std::string_view name;
  auto rest = body.subspan(route_aligned(sizeof(ifinfomsg)));
  while (rest.size() >= sizeof(rtattr)) {
    const auto attribute = load_header<rtattr>(rest);
    if (attribute.rta_len < sizeof(rtattr) || attribute.rta_len > rest.size()) break;
    const auto whole = text_of(rest.first(attribute.rta_len));
    // Kernels before 4.4 know no filter.
    if (attribute.rta_type != IFLA_STATS && attribute.rta_type != IFLA_STATS64) {
      digest = (digest ^ std::hash<std::string_view>()(whole)) * kSpread;
    }
    if (attribute.rta_type == IFLA_IFNAME) {
      name = whole.substr(sizeof(rtattr));
      name = name.substr(0, name.find('\0'));
    }
    rest = rest.subspan(std::min(route_aligned(attribute.rta_len), rest.size()));
  }
  if (name.empty()) return;
  if (count_ == digests_.size()) digests_.emplace_back();
  digests_[count_].first = name;
  digests_[count_++].second = digest;
}

std::optional<std::uint64_t> LinkDigests::of(std::string_view name) const noexcept {
  const auto known = std::span(digests_).first(count_);
  const auto found = std::ranges::find(known, name, &std::pair<std::string, std::uint64_t>::first);
  return found == known.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace lariat::host
