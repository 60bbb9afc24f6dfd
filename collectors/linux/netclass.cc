#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "collectors/linux/all.h"
#include "collectors/linux/device_files.h"
#include "collectors/linux/link_digests.h"
#include "collectors/linux/round_cache.h"

namespace lariat::host {
namespace {

// Of megabits a second, octets.
constexpr double kSpeedUnit = 1'000'000.0 / 8;

constexpr std::array kNumbers = {
    NumberFiles::Column{"addr_assign_type", "node_network_address_assign_type"},
    NumberFiles::Column{"carrier", "node_network_carrier"},
    NumberFiles::Column{"carrier_changes", "node_network_carrier_changes_total", 1, 1, true},
    NumberFiles::Column{"carrier_up_count", "node_network_carrier_up_changes_total", 1, 1, true},
    NumberFiles::Column{"carrier_down_count", "node_network_carrier_down_changes_total", 1, 1,
                        true},
    NumberFiles::Column{"dev_id", "node_network_device_id"},
    NumberFiles::Column{"dormant", "node_network_dormant"},
    NumberFiles::Column{"flags", "node_network_flags"},
    NumberFiles::Column{"ifindex", "node_network_iface_id"},
    NumberFiles::Column{"iflink", "node_network_iface_link"},
    NumberFiles::Column{"link_mode", "node_network_iface_link_mode"},
    NumberFiles::Column{"mtu", "node_network_mtu_bytes"},
    NumberFiles::Column{"name_assign_type", "node_network_name_assign_type"},
    NumberFiles::Column{"netdev_group", "node_network_net_dev_group"},
    NumberFiles::Column{"speed", "node_network_speed_bytes", 1, kSpeedUnit},
    NumberFiles::Column{"tx_queue_len", "node_network_transmit_queue_length"},
    NumberFiles::Column{"type", "node_network_protocol_type"},
};

constexpr std::array kTexts = {
    TextFiles::Text{"address", "address"},     TextFiles::Text{"broadcast", "broadcast"},
    TextFiles::Text{"duplex", "duplex"},       TextFiles::Text{"ifalias", "ifalias"},
    TextFiles::Text{"operstate", "operstate"},
};

// Seconds after which files are read again, whatever the digest says.
constexpr std::uint64_t kReadAgain = 60;

struct Interface {
  sdk::Tags tags;
  NumberFiles numbers;
  TextFiles info;
  std::optional<std::uint64_t> digest;  // Of when its files were read.
  std::uint64_t read_at = 0;
};

class NetclassSource : public sdk::Source {
 public:
  explicit NetclassSource(sdk::Host& host)
      : host_(host),
        netlink_(host.paths().sys == "/sys"),
        folder_(host.paths().sys + "/class/net") {}

  std::string collect(sdk::Answer& answer) override {
    interfaces_.begin();
    // Before the files: what changes meanwhile is read again in the next round.
    const bool known = netlink_ && digests_.read();
    const bool good = folder_.list([this, &answer, known](std::string_view name) {
      Interface& interface = interfaces_.at(name, [this](std::string_view of) { return make(of); });
      // A file there, as the bonding driver has it, is no interface.
      if (interface.numbers.empty()) return;
      const auto digest = known ? digests_.of(name) : std::nullopt;
      const bool same =
          digest && digest == interface.digest && answer.time() - interface.read_at < kReadAgain;
      put(interface, same, answer);
      if (same) return;
      interface.digest = digest;
      interface.read_at = answer.time();
    });
    interfaces_.end();
    return good ? std::string() : folder_.error();
  }

 private:
  static void put(Interface& interface, bool same, sdk::Answer& answer) {
    const std::string& tags = interface.tags.text();
    const std::string& info = same ? interface.info.last_tags() : interface.info.tags();
    const bool up = info.ends_with("operstate=up");
    answer.sample("node_network_up", up ? 1 : 0, tags);
    answer.sample("node_network_info", 1, info);
    if (same) {
      interface.numbers.repeat(answer, tags);
    } else {
      interface.numbers.put(answer, tags);
    }
  }

  [[nodiscard]] Interface make(std::string_view name) const {
    const std::string folder = folder_.path() + '/' + std::string(name);
    return {sdk::Tags{{"device", name}},
            NumberFiles(folder, kNumbers, host_),
            TextFiles(folder, kTexts, host_, "device", name),
            {},
            0};
  }

  sdk::Host& host_;
  bool netlink_;
  LinkDigests digests_;
  sdk::Folder folder_;
  RoundCache<Interface> interfaces_;
};

}  // namespace

std::unique_ptr<sdk::Source> make_netclass(sdk::Host& host) {
  return std::make_unique<NetclassSource>(host);
}

}  // namespace lariat::host
