#pragma once

#include <optional>
#include <vector>

#include "agent/config/config.h"
#include "agent/publish/endpoint.h"
#include "agent/publish/frame_log.h"
#include "agent/publish/spool.h"

namespace lariat::app {

/// What a configuration means to `agent/publish`.
[[nodiscard]] publish::LogLimits log_limits(const config::Config& config);
/// Nothing: the log is in memory only.
[[nodiscard]] std::optional<publish::SpoolOptions> spool_options(const config::Config& config);
[[nodiscard]] std::vector<publish::EndpointConfig> endpoint_configs(const config::Config& config);

}  // namespace lariat::app
