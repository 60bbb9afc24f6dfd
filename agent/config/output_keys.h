#pragma once

#include <string>
#include <string_view>

namespace lariat::config {

/// The schemes that have a use for this key: `influx+http://, influx+https://`.
[[nodiscard]] std::string schemes_with(std::string_view key);

}  // namespace lariat::config
