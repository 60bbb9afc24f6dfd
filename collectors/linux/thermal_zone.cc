#include <array>
#include <optional>
#include <string>

#include "collectors/linux/all.h"
#include "collectors/linux/device_files.h"
#include "collectors/linux/round_cache.h"

namespace lariat::host {
namespace {

constexpr double kMillidegrees = 1000;

constexpr std::array kZoneNumbers = {
    NumberFiles::Column{"temp", "node_thermal_zone_temp", kMillidegrees},
};
constexpr std::array kCoolingNumbers = {
    NumberFiles::Column{"cur_state", "node_cooling_device_cur_state"},
    NumberFiles::Column{"max_state", "node_cooling_device_max_state"},
};
constexpr std::array kTexts = {TextFiles::Text{"type", "type"}};

// A zone or a cooling device.
struct Device {
  NumberFiles numbers;
  TextFiles tags;
};

class ThermalZoneSource : public sdk::Source {
 public:
  explicit ThermalZoneSource(sdk::Host& host)
      : host_(host), folder_(host.paths().sys + "/class/thermal") {}

  std::string collect(sdk::Answer& answer) override {
    devices_.begin();
    const bool good = folder_.list([this, &answer](std::string_view name) {
      Device& device = devices_.at(name, [this](std::string_view of) { return make(of); });
      if (!device.numbers.empty()) device.numbers.put(answer, device.tags.tags());
    });
    devices_.end();
    // A kernel may be built without it.
    return good || folder_.is_absent() ? std::string() : folder_.error();
  }

 private:
  [[nodiscard]] Device make(std::string_view name) const {
    constexpr std::string_view kZone = "thermal_zone";
    constexpr std::string_view kCooling = "cooling_device";
    const std::string folder = folder_.path() + '/' + std::string(name);
    if (name.starts_with(kZone)) {
      return {NumberFiles(folder, kZoneNumbers, host_),
              TextFiles(folder, kTexts, host_, "zone", name.substr(kZone.size()))};
    }
    if (name.starts_with(kCooling)) {
      return {NumberFiles(folder, kCoolingNumbers, host_),
              TextFiles(folder, kTexts, host_, "name", name.substr(kCooling.size()))};
    }
    return {NumberFiles(folder, {}, host_), TextFiles(folder, {}, host_)};
  }

  sdk::Host& host_;
  sdk::Folder folder_;
  RoundCache<Device> devices_;
};

}  // namespace

std::unique_ptr<sdk::Source> make_thermal_zone(sdk::Host& host) {
  return std::make_unique<ThermalZoneSource>(host);
}

}  // namespace lariat::host
