#include "collectors/linux/hwmon_names.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <system_error>

#include "collectors/sdk/proc_file.h"
#include "collectors/sdk/scan.h"

namespace lariat::host {
namespace {

constexpr double kMilli = 1e3;
constexpr double kMicro = 1e6;

constexpr std::array<std::string_view, 13> kTypes = {
    "beep_enable", "cpu", "curr", "energy",          "fan", "humidity", "in", "intrusion",
    "power",       "pwm", "temp", "update_interval", "vrm"};

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> these) {
  return std::ranges::find(these, text) != these.end();
}

// The metric of one that stands for the chip, not for a sensor.
std::optional<HwmonMetric> metric_of_chip(std::string_view type) {
  if (type == "beep_enable") return HwmonMetric{"node_hwmon_beep_enabled"};
  if (type == "vrm") return HwmonMetric{"node_hwmon_voltage_regulator_version"};
  if (type == "update_interval") return HwmonMetric{"node_hwmon_update_interval_seconds", kMilli};
  return std::nullopt;
}

HwmonMetric metric_of_power(const std::string& name, std::string_view property) {
  if (property == "accuracy") return {name, kMicro};
  if (property.starts_with("average_interval")) return {name + "_seconds", kMilli};
  return {name + "_watt", kMicro};
}

// The last two parts of the real path of `device`, without links.
std::string name_of_place(const std::string& device) {
  std::error_code error;
  const auto place = std::filesystem::canonical(device, error);
  if (error) return {};
  const std::string bus = clean_hwmon_name(place.parent_path().filename().string());
  const std::string own = clean_hwmon_name(place.filename().string());
  return bus.empty() || own.empty() ? own : bus + '_' + own;
}

}  // namespace

std::optional<HwmonFile> parse_hwmon_file(std::string_view name) {
  const auto* const digits = std::find_if(name.begin(), name.end(), is_digit);
  const auto* const behind = std::find_if_not(digits, name.end(), is_digit);
  std::string_view type = name.substr(0, static_cast<std::size_t>(digits - name.begin()));
  std::string_view number(digits, static_cast<std::size_t>(behind - digits));
  std::string_view property = name.substr(static_cast<std::size_t>(behind - name.begin()));
  if (!property.empty()) {
    if (property.front() != '_') return std::nullopt;
    property.remove_prefix(1);
    if (property.empty()) return std::nullopt;
  }
  if (std::ranges::find(kTypes, type) == kTypes.end()) return std::nullopt;
  while (number.size() > 1 && number.front() == '0') number.remove_prefix(1);
  return HwmonFile{std::string(type),
                   std::string(type) + (number.empty() ? "0" : std::string(number)),
                   std::string(property)};
}

HwmonMetric hwmon_metric(const HwmonFile& file, bool bare) {
  const std::string_view type = file.type;
  const std::string_view property = file.property;
  if (auto metric = metric_of_chip(type)) return *metric;
  std::string name = "node_hwmon_" + file.type;
  if (!property.empty() && (property != "input" || bare)) name += '_' + clean_hwmon_name(property);
  if (is_one_of(property, {"fault", "alarm"})) return {name};
  if (property == "beep") return {name + "_enabled"};
  if (type == "in" || type == "cpu") return {name + "_volts", kMilli};
  if (type == "temp" && property != "type") return {name + "_celsius", kMilli};
  if (type == "curr") return {name + "_amps", kMilli};
  if (type == "energy") return {name + "_joule_total", kMicro, true};
  if (type == "power") return metric_of_power(name, property);
  if (type == "humidity") return {name, kMicro};
  if (type == "fan" && is_one_of(property, {"", "input", "min", "max", "target"})) {
    return {name + "_rpm"};
  }
  return {name};
}

std::string clean_hwmon_name(std::string_view name) {
  std::string clean;
  for (const char c : name) {
    const char small = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    clean += sdk::is_letter_or_digit(small) || small == ':' || small == '_' ? small : '_';
  }
  while (clean.starts_with('_')) clean.erase(0, 1);
  while (clean.ends_with('_')) clean.pop_back();
  return clean;
}

std::string hwmon_chip_name(const std::string& folder) {
  if (std::string name = name_of_place(folder + "/device"); !name.empty()) return name;
  if (const auto driver = sdk::read_file(folder + "/name")) {
    if (std::string name = clean_hwmon_name(*driver); !name.empty()) return name;
  }
  std::error_code error;
  const auto place = std::filesystem::canonical(folder, error);
  return error ? std::string() : clean_hwmon_name(place.filename().string());
}

}  // namespace lariat::host
