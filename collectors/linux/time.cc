#include <algorithm>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "collectors/linux/all.h"
#include "collectors/linux/round_cache.h"
#include "collectors/sdk/scan.h"

namespace lariat::host {
namespace {

// One of /sys/devices/system/clocksource/clocksource0…
struct Device {
  sdk::ProcFile available_file;
  sdk::ProcFile current_file;
  std::string number;
  RoundCache<std::string> available;
  RoundCache<std::string> current;
};

class TimeSource : public sdk::Source {
 public:
  explicit TimeSource(const sdk::Paths& paths)
      : folder_(paths.sys + "/devices/system/clocksource") {
    ::tzset();
    find_devices();
  }

  std::string collect(sdk::Answer& answer) override {
    using Seconds = std::chrono::duration<double>;
    const auto now = std::chrono::system_clock::now();
    answer.sample("node_time_seconds", Seconds(now.time_since_epoch()).count());
    if (std::string fault = put_zone(std::chrono::system_clock::to_time_t(now), answer);
        !fault.empty()) {
      return fault;
    }
    for (Device& device : devices_) {
      if (std::string fault = put_device(device, answer); !fault.empty()) return fault;
    }
    return {};
  }

 private:
  std::string put_zone(std::time_t now, sdk::Answer& answer) {
    std::tm local{};
    if (::localtime_r(&now, &local) == nullptr) return "the time has no local form";
    const std::string_view zone = local.tm_zone;
    if (zone != zone_) {
      zone_ = zone;
      zone_tags_ = sdk::Tags{{"time_zone", zone}};
    }
    answer.sample("node_time_zone_offset_seconds", static_cast<double>(local.tm_gmtoff),
                  zone_tags_.text());
    return {};
  }

  static std::string put_device(Device& device, sdk::Answer& answer) {
    const auto available = device.available_file.read();
    if (!available) return device.available_file.error();
    put_names(*available, "node_time_clocksource_available_info", device.number, device.available,
              answer);
    const auto current = device.current_file.read();
    if (!current) return device.current_file.error();
    put_names(*current, "node_time_clocksource_current_info", device.number, device.current,
              answer);
    return {};
  }

  static void put_names(std::string_view text, std::string_view metric, const std::string& device,
                        RoundCache<std::string>& tags, sdk::Answer& answer) {
    std::string_view line;
    tags.begin();
    while (sdk::take_line(text, line)) {
      for (std::string_view name; !(name = sdk::take_word(line)).empty();) {
        answer.sample(metric, 1, tags.at(name, [&device](std::string_view of) {
          return sdk::Tags{{"clocksource", of}, {"device", device}}.text();
        }));
      }
    }
    tags.end();
  }

  void find_devices() {
    constexpr std::string_view kName = "clocksource";
    std::error_code error;
    for (std::filesystem::directory_iterator entry(folder_, error), end; !error && entry != end;
         entry.increment(error)) {
      const std::string name = entry->path().filename().string();
      if (!name.starts_with(kName)) continue;
      const std::string number = name.substr(kName.size());
      if (!sdk::parse<std::uint32_t>(number)) continue;
      const std::string folder = entry->path().string();
      constexpr auto kWhole = sdk::ProcFile::Shape::kWhole;
      devices_.push_back({sdk::ProcFile(folder + "/available_clocksource", kWhole),
                          sdk::ProcFile(folder + "/current_clocksource", kWhole),
                          number,
                          {},
                          {}});
    }
    std::ranges::sort(devices_, {}, &Device::number);
  }

  std::string folder_;
  std::vector<Device> devices_;
  std::string zone_;
  sdk::Tags zone_tags_;
};

}  // namespace

std::unique_ptr<sdk::Source> make_time(sdk::Host& host) {
  return std::make_unique<TimeSource>(host.paths());
}

}  // namespace lariat::host
