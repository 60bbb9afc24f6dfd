#include <array>
#include <string>

#include "collectors/linux/all.h"
#include "collectors/linux/device_files.h"
#include "collectors/linux/fault.h"
#include "collectors/linux/round_cache.h"

namespace lariat::host {
namespace {

using Column = NumberFiles::Column;

constexpr double kMicro = 1e6;
constexpr double kTenths = 10;

constexpr std::array kNumbers = {
    Column{"authentic", "node_power_supply_authentic"},
    Column{"calibrate", "node_power_supply_calibrate"},
    Column{"capacity", "node_power_supply_capacity"},
    Column{"capacity_alert_max", "node_power_supply_capacity_alert_max"},
    Column{"capacity_alert_min", "node_power_supply_capacity_alert_min"},
    Column{"cycle_count", "node_power_supply_cyclecount"},
    Column{"online", "node_power_supply_online"},
    Column{"present", "node_power_supply_present"},
    Column{"time_to_empty_now", "node_power_supply_time_to_empty_seconds"},
    Column{"time_to_full_now", "node_power_supply_time_to_full_seconds"},
    Column{"charge_control_limit", "node_power_supply_charge_control_limit", kMicro},
    Column{"charge_control_limit_max", "node_power_supply_charge_control_limit_max", kMicro},
    Column{"charge_counter", "node_power_supply_charge_counter", kMicro},
    Column{"charge_empty", "node_power_supply_charge_empty", kMicro},
    Column{"charge_empty_design", "node_power_supply_charge_empty_design", kMicro},
    Column{"charge_full", "node_power_supply_charge_full", kMicro},
    Column{"charge_full_design", "node_power_supply_charge_full_design", kMicro},
    Column{"charge_now", "node_power_supply_charge_ampere", kMicro},
    Column{"charge_term_current", "node_power_supply_charge_term_current", kMicro},
    Column{"constant_charge_current", "node_power_supply_constant_charge_current", kMicro},
    Column{"constant_charge_current_max", "node_power_supply_constant_charge_current_max", kMicro},
    Column{"constant_charge_voltage", "node_power_supply_constant_charge_voltage", kMicro},
    Column{"constant_charge_voltage_max", "node_power_supply_constant_charge_voltage_max", kMicro},
    Column{"current_boot", "node_power_supply_current_boot", kMicro},
    Column{"current_max", "node_power_supply_current_max", kMicro},
    Column{"current_now", "node_power_supply_current_ampere", kMicro},
    Column{"energy_empty", "node_power_supply_energy_empty", kMicro},
    Column{"energy_empty_design", "node_power_supply_energy_empty_design", kMicro},
    Column{"energy_full", "node_power_supply_energy_full", kMicro},
    Column{"energy_full_design", "node_power_supply_energy_full_design", kMicro},
    Column{"energy_now", "node_power_supply_energy_watthour", kMicro},
    Column{"input_current_limit", "node_power_supply_input_current_limit", kMicro},
    Column{"power_now", "node_power_supply_power_watt", kMicro},
    Column{"precharge_current", "node_power_supply_precharge_current", kMicro},
    Column{"temp", "node_power_supply_temp_celsius", kTenths},
    Column{"temp_alert_max", "node_power_supply_temp_alert_max_celsius", kTenths},
    Column{"temp_alert_min", "node_power_supply_temp_alert_min_celsius", kTenths},
    Column{"temp_ambient", "node_power_supply_temp_ambient_celsius", kTenths},
    Column{"temp_ambient_max", "node_power_supply_temp_ambient_max_celsius", kTenths},
    Column{"temp_ambient_min", "node_power_supply_temp_ambient_min_celsius", kTenths},
    Column{"temp_max", "node_power_supply_temp_max_celsius", kTenths},
    Column{"temp_min", "node_power_supply_temp_min_celsius", kTenths},
    Column{"voltage_boot", "node_power_supply_voltage_boot", kMicro},
    Column{"voltage_max", "node_power_supply_voltage_max", kMicro},
    Column{"voltage_max_design", "node_power_supply_voltage_max_design", kMicro},
    Column{"voltage_min", "node_power_supply_voltage_min", kMicro},
    Column{"voltage_min_design", "node_power_supply_voltage_min_design", kMicro},
    Column{"voltage_now", "node_power_supply_voltage_volt", kMicro},
    Column{"voltage_ocv", "node_power_supply_voltage_ocv", kMicro},
};

constexpr std::array kTexts = {
    TextFiles::Text{"capacity_level", "capacity_level"},
    TextFiles::Text{"charge_type", "charge_type"},
    TextFiles::Text{"health", "health"},
    TextFiles::Text{"manufacturer", "manufacturer"},
    TextFiles::Text{"model_name", "model_name"},
    TextFiles::Text{"scope", "scope"},
    TextFiles::Text{"serial_number", "serial_number"},
    TextFiles::Text{"status", "status"},
    TextFiles::Text{"technology", "technology"},
    TextFiles::Text{"type", "type"},
    TextFiles::Text{"usb_type", "usb_type"},
};

struct Supply {
  sdk::Tags tags;
  NumberFiles numbers;
  TextFiles info;
};

class PowersupplyclassSource : public sdk::Source {
 public:
  explicit PowersupplyclassSource(sdk::Host& host)
      : host_(host), folder_(host.paths().sys + "/class/power_supply") {}

  std::string collect(sdk::Answer& answer) override {
    supplies_.begin();
    const bool good = folder_.list([this, &answer](std::string_view name) {
      Supply& supply = supplies_.at(name, [this](std::string_view of) { return make(of); });
      supply.numbers.put(answer, supply.tags.text());
      answer.sample("node_power_supply_info", 1, supply.info.tags());
    });
    supplies_.end();
    if (good) return {};
    return folder_.is_absent() ? not_here() : folder_.error();
  }

 private:
  [[nodiscard]] Supply make(std::string_view name) const {
    constexpr std::string_view kTag = "power_supply";
    const std::string folder = folder_.path() + '/' + std::string(name);
    return {sdk::Tags{{kTag, name}}, NumberFiles(folder, kNumbers, host_),
            TextFiles(folder, kTexts, host_, kTag, name)};
  }

  sdk::Host& host_;
  sdk::Folder folder_;
  RoundCache<Supply> supplies_;
};

}  // namespace

std::unique_ptr<sdk::Source> make_powersupplyclass(sdk::Host& host) {
  return std::make_unique<PowersupplyclassSource>(host);
}

}  // namespace lariat::host
