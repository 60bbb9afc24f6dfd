#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace lariat::host {

/// What the name of a file of a sensor says: `temp1_max`.
struct HwmonFile {
  std::string type;      ///< `temp`
  std::string sensor;    ///< `temp1`; with 0 if there is no number.
  std::string property;  ///< `max`; may be empty.
};

/// Nothing if it is of no kind that is told.
[[nodiscard]] std::optional<HwmonFile> parse_hwmon_file(std::string_view name);

struct HwmonMetric {
  std::string name;
  double divisor = 1;
  bool counter = false;
};

/// Its metric as node_exporter has it. `bare`: the sensor has a file without a property, too.
[[nodiscard]] HwmonMetric hwmon_metric(const HwmonFile& file, bool bare);

/// In small letters, with `_` for what no name should have, and none at its ends.
[[nodiscard]] std::string clean_hwmon_name(std::string_view name);

/// What the chip in `folder`, one of /sys/class/hwmon, is called: by the place of its device, else
/// by its driver, else by the folder; empty if nothing is known.
[[nodiscard]] std::string hwmon_chip_name(const std::string& folder);

}  // namespace lariat::host
