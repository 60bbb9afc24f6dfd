#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace lariat::host {

/// A line of /proc/PID/mountinfo: what of it is of use.
struct Mount {
  std::string point;
  std::string type;
  std::string device;
  bool read_only = false;
};

/// Nothing if the line is none. Names are unescaped.
[[nodiscard]] std::optional<Mount> parse_mount(std::string_view line);

/// `\040` is a blank, and so on; what is no escape stays.
[[nodiscard]] std::string unescape_mount(std::string_view text);

}  // namespace lariat::host
