#include "agent/app/settings.h"

namespace lariat::app {
namespace {

publish::EndpointConfig endpoint_config(const config::Endpoint& endpoint) {
  return {.name = endpoint.name,
          .url = endpoint.url,
          .limits = {.filter = endpoint.filter,
                     .start = endpoint.from_begin ? publish::Start::kBegin : publish::Start::kEnd,
                     .max_bytes = endpoint.max_bytes,
                     .max_age = endpoint.max_age,
                     .fresh_first = endpoint.fresh_first},
          .connect_timeout = endpoint.connect_timeout,
          .stall_timeout = endpoint.stall_timeout,
          .back_off_min = endpoint.back_off_min,
          .back_off_max = endpoint.back_off_max,
          .heartbeat = endpoint.heartbeat,
          .catch_up = endpoint.catch_up};
}

}  // namespace

publish::LogLimits log_limits(const config::Config& config) {
  return {.memory_bytes = config.log.memory, .segment_bytes = config.log.segment};
}

std::optional<publish::SpoolOptions> spool_options(const config::Config& config) {
  const auto& spool = config.log.spool;
  if (!spool) return std::nullopt;
  return publish::SpoolOptions{
      .directory = spool->directory, .max_bytes = spool->max_bytes, .sync = spool->sync};
}

std::vector<publish::EndpointConfig> endpoint_configs(const config::Config& config) {
  std::vector<publish::EndpointConfig> endpoints;
  endpoints.reserve(config.endpoints.size());
  for (const auto& endpoint : config.endpoints) endpoints.push_back(endpoint_config(endpoint));
  return endpoints;
}

}  // namespace lariat::app
