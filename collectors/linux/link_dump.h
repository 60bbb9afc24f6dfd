#pragma once

#include <linux/if_link.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "collectors/linux/route_dump.h"
#include "proto/function_ref.h"

namespace lariat::host {

using LinkTaker = proto::FunctionRef<void(std::string_view name, const rtnl_link_stats64& stats)>;
using IndexTaker = proto::FunctionRef<void(std::uint32_t index, const rtnl_link_stats64& stats)>;

/// Reads one datagram of the answer to a RTM_GETSTATS dump, as `parse_dump` does.
[[nodiscard]] DumpParse parse_links(std::span<const std::byte> datagram, std::uint32_t sequence,
                                    IndexTaker take) noexcept;

/// The kernel's interfaces and their counters, asked over a netlink socket that stays open.
///
/// Asks for counters alone, which Linux has known to tell since 4.7: all that there is to say of an
/// interface is ten times as much. They come with a number; the name is asked for each time, since
/// it may change.
class LinkDump {
 public:
  /// False if the kernel does not answer as it should: `error` says why.
  [[nodiscard]] bool read(LinkTaker take);
  [[nodiscard]] const std::string& error() const noexcept { return dump_.error(); }

 private:
  [[nodiscard]] bool is_called(std::uint32_t index, std::span<char> name) const noexcept;

  RouteDump dump_;
};

}  // namespace lariat::host
