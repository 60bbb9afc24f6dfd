#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "collectors/linux/all.h"
#include "collectors/linux/fault.h"
#include "collectors/sdk/scan.h"

namespace lariat::host {
namespace {

struct Device {
  std::string name;
  sdk::Tags tags;
  std::uint64_t entries = 0;
};

class ArpSource : public sdk::Source {
 public:
  explicit ArpSource(sdk::Host& host) : host_(host) {}

  std::string collect(sdk::Answer& answer) override {
    std::string error;
    const auto content = host_.read_proc("net/arp", error, sdk::ProcFile::Shape::kRecords);
    if (!content) return error;
    for (Device& device : devices_) device.entries = 0;
    std::string_view rest = *content;
    std::string_view line;
    const bool headed = sdk::take_line(rest, line);
    while (headed && sdk::take_line(rest, line)) {
      const std::string_view name = device_of(line);
      if (name.empty()) return not_understood("/proc/net/arp", line);
      ++device_called(name).entries;
    }
    std::erase_if(devices_, [](const Device& device) { return device.entries == 0; });
    for (const Device& device : devices_) {
      answer.sample("node_arp_entries", static_cast<double>(device.entries), device.tags.text());
    }
    return {};
  }

 private:
  // The sixth, the device; addresses have no blanks.
  static std::string_view device_of(std::string_view line) {
    constexpr std::size_t kDevice = 5;
    for (std::size_t i = 0; i < kDevice; ++i) (void)sdk::take_word(line);
    return sdk::take_word(line);
  }

  Device& device_called(std::string_view name) {
    const auto found = std::ranges::find(devices_, name, &Device::name);
    if (found != devices_.end()) return *found;
    devices_.push_back({std::string(name), sdk::Tags{{"device", name}}, 0});
    return devices_.back();
  }

  sdk::Host& host_;
  std::vector<Device> devices_;
};

}  // namespace

std::unique_ptr<sdk::Source> make_arp(sdk::Host& host) { return std::make_unique<ArpSource>(host); }

}  // namespace lariat::host
