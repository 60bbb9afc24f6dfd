#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include "collectors/linux/all.h"
#include "collectors/linux/device_names.h"
#include "collectors/linux/link_dump.h"
#include "collectors/linux/round_cache.h"
#include "collectors/sdk/scan.h"

namespace lariat::host {
namespace {

// The columns of /proc/net/dev.
constexpr std::array<std::string_view, 16> kMetrics = {
    "node_network_receive_bytes_total",      "node_network_receive_packets_total",
    "node_network_receive_errs_total",       "node_network_receive_drop_total",
    "node_network_receive_fifo_total",       "node_network_receive_frame_total",
    "node_network_receive_compressed_total", "node_network_receive_multicast_total",
    "node_network_transmit_bytes_total",     "node_network_transmit_packets_total",
    "node_network_transmit_errs_total",      "node_network_transmit_drop_total",
    "node_network_transmit_fifo_total",      "node_network_transmit_colls_total",
    "node_network_transmit_carrier_total",   "node_network_transmit_compressed_total"};
using Counts = std::array<std::uint64_t, kMetrics.size()>;

// The same columns of what netlink tells, summed up as the kernel does it in /proc/net/dev.
Counts counts_of(const rtnl_link_stats64& of) noexcept {
  return {
      of.rx_bytes,
      of.rx_packets,
      of.rx_errors,
      of.rx_dropped + of.rx_missed_errors,
      of.rx_fifo_errors,
      of.rx_length_errors + of.rx_over_errors + of.rx_crc_errors + of.rx_frame_errors,
      of.rx_compressed,
      of.multicast,
      of.tx_bytes,
      of.tx_packets,
      of.tx_errors,
      of.tx_dropped,
      of.tx_fifo_errors,
      of.collisions,
      of.tx_carrier_errors + of.tx_aborted_errors + of.tx_window_errors + of.tx_heartbeat_errors,
      of.tx_compressed};
}

class NetdevSource : public sdk::Source {
 public:
  // Netlink speaks of this host's network, not of another folder's.
  explicit NetdevSource(sdk::Host& host) : host_(host), netlink_(host.paths().proc == "/proc") {}

  std::string collect(sdk::Answer& answer) override {
    if (netlink_) {
      const sdk::Answer::Mark mark = answer.mark();
      devices_.begin();
      const bool good =
          dump_.read([this, &answer](std::string_view name, const rtnl_link_stats64& stats) {
            if (is_ignored_interface(name)) return;
            const std::string& tags = put(name, counts_of(stats), answer);
            answer.delta("node_network_receive_nohandler_total",
                         static_cast<double>(stats.rx_nohandler), tags);
          });
      devices_.end();
      if (good) return {};
      answer.roll_back(mark);
    }
    return collect_file(answer);
  }

 private:
  // A sandbox may forbid netlink, and kernels before 4.7 do not know the question.
  std::string collect_file(sdk::Answer& answer) {
    std::string error;
    const auto content = host_.read_proc("net/dev", error, sdk::ProcFile::Shape::kRecords);
    if (!content) return netlink_ ? dump_.error() + "; " + error : error;
    std::string_view rest = *content;
    std::string_view line;
    devices_.begin();
    while (sdk::take_line(rest, line)) {
      // Two lines of headings, which have no colon.
      const std::size_t colon = line.rfind(':');
      if (colon == line.npos) continue;
      std::string_view before = line.substr(0, colon);
      const std::string_view name = sdk::take_word(before);
      if (is_ignored_interface(name)) continue;
      Counts counts{};
      if (name.empty() || !read_counts(line.substr(colon + 1), counts)) {
        return "/proc/net/dev has a line that is not understood: " +
               std::string(line.substr(0, 80));
      }
      put(name, counts, answer);
    }
    devices_.end();
    return {};
  }

  static bool read_counts(std::string_view columns, Counts& counts) noexcept {
    return std::ranges::all_of(counts, [&columns](std::uint64_t& count) {
      const auto value = sdk::parse<std::uint64_t>(sdk::take_word(columns));
      count = value.value_or(0);
      return value.has_value();
    });
  }

  const std::string& put(std::string_view name, const Counts& counts, sdk::Answer& answer) {
    const sdk::Tags& tags = devices_.at(name, [](std::string_view of) {
      return sdk::Tags{{"device", of}};
    });
    for (std::size_t i = 0; i < counts.size(); ++i) {
      answer.delta(kMetrics[i], static_cast<double>(counts[i]), tags.text());
    }
    return tags.text();
  }

  sdk::Host& host_;
  bool netlink_;
  LinkDump dump_;
  RoundCache<sdk::Tags> devices_;
};

}  // namespace

std::unique_ptr<sdk::Source> make_netdev(sdk::Host& host) {
  return std::make_unique<NetdevSource>(host);
}

}  // namespace lariat::host
