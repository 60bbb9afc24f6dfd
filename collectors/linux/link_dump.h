#pragma once

#include <linux/if_link.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "proto/function_ref.h"

namespace lariat::host {

using LinkTaker = proto::FunctionRef<void(std::string_view name, const rtnl_link_stats64& stats)>;
using IndexTaker = proto::FunctionRef<void(std::uint32_t index, const rtnl_link_stats64& stats)>;

enum class LinkParse {
  kMore,    ///< The answer goes on in the next datagram.
  kDone,    ///< It is complete.
  kFailed,  ///< The kernel refuses, or this is no answer.
};

/// Reads one datagram of the answer to a RTM_GETSTATS dump that was asked with the number
/// `sequence`; messages with another are skipped. Trusts no length in it.
[[nodiscard]] LinkParse parse_links(std::span<const std::byte> datagram, std::uint32_t sequence,
                                    IndexTaker take) noexcept;

/// The kernel's interfaces and their counters, asked over a netlink socket that stays open.
///
/// Asks for counters alone, which Linux has known to tell since 4.7: all that there is to say of an
/// interface is ten times as much. They come with a number; the name is asked for each time, since
/// it may change.
class LinkDump {
 public:
  LinkDump() = default;
  LinkDump(const LinkDump&) = delete;
  LinkDump& operator=(const LinkDump&) = delete;
  ~LinkDump() { close_it(); }

  /// False if the kernel does not answer as it should: `error` says why.
  [[nodiscard]] bool read(LinkTaker take);
  [[nodiscard]] const std::string& error() const noexcept { return error_; }

 private:
  [[nodiscard]] bool open_it();
  [[nodiscard]] bool ask();
  [[nodiscard]] bool is_called(std::uint32_t index, std::span<char> name) const noexcept;
  [[nodiscard]] bool fail(std::string_view what);
  void close_it() noexcept;

  int socket_ = -1;
  std::uint32_t sequence_ = 0;
  std::vector<std::byte> buffer_;
  std::string error_;
};

}  // namespace lariat::host
