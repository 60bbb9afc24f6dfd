#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/collect/exec_settings.h"
#include "agent/config/collector.h"

namespace lariat::collect {

/// What a collector has in its environment, as `KEY=VALUE`: the agent's own without what systemd
/// told the agent alone and, if it has a `user`, without `HOME`, `USER` and `LOGNAME`;
/// `LARIAT_COLLECTOR`, `LARIAT_INTERVAL` (seconds), `LARIAT_CONTROL` (path of the control socket,
/// if there is one), and its own `env`, which wins.
[[nodiscard]] std::vector<std::string> environment_of(const config::Collector& collector,
                                                      std::string_view control_socket);

/// What its process sets before it becomes its program.
[[nodiscard]] ExecSettings settings_of(const config::Collector& collector);

}  // namespace lariat::collect
