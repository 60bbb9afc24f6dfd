#pragma once

#include <string>

#include "agent/base/clock.h"
#include "agent/expose/status.h"

namespace lariat::expose {

/// The status for a terminal: a few lines on the agent, a table of endpoints and one of collectors,
/// unhealthy first, each with its last error below. Control characters come out as `\xNN`.
[[nodiscard]] std::string status_table(const Status& status, base::WallTime now);

}  // namespace lariat::expose
