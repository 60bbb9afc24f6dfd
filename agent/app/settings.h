#pragma once

#include <vector>

#include "agent/config/config.h"
#include "agent/publish/endpoint.h"
#include "agent/publish/frame_log.h"

namespace lariat::app {

/// What a configuration means to `agent/publish`.
[[nodiscard]] publish::LogLimits log_limits(const config::Config& config);
[[nodiscard]] std::vector<publish::EndpointConfig> endpoint_configs(const config::Config& config);

}  // namespace lariat::app
