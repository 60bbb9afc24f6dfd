#pragma once

#include <vector>

#include "agent/config/config.h"
#include "agent/config/reader.h"

namespace lariat::config {

/// The object `endpoints`. `log` is what the configuration says of the log.
[[nodiscard]] std::vector<Endpoint> read_endpoints(const Value& value, const Log& log);

}  // namespace lariat::config
