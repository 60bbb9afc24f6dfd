#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace lariat::sdk {

/// The value of a line `KEY=VALUE` of /etc/os-release, its quotes and escapes gone.
[[nodiscard]] std::optional<std::string> os_release_value(std::string_view text,
                                                          std::string_view key);

}  // namespace lariat::sdk
