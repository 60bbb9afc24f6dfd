#pragma once

#include <optional>
#include <string>
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

/// What is said of the output of an endpoint at `url`. `hostname` is that of this host.
[[nodiscard]] publish::OutputOptions output_options(const config::Output& output,
                                                    const base::Url& url,
                                                    const std::string& hostname);

}  // namespace lariat::app
