#include "agent/app/settings.h"

namespace lariat::app {
namespace {

publish::EndpointConfig endpoint_config(const config::Endpoint& endpoint,
                                        const std::string& hostname) {
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
          .catch_up = endpoint.catch_up,
          .output = output_options(endpoint.output, endpoint.url, hostname)};
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
  for (const auto& endpoint : config.endpoints) {
    endpoints.push_back(endpoint_config(endpoint, config.hostname));
  }
  return endpoints;
}

publish::OutputOptions output_options(const config::Output& output, const base::Url& url,
                                      const std::string& hostname) {
  using Precision = proto::InfluxOptions::Precision;
  publish::OutputOptions options{
      .labels = output.labels,
      .batch = output.batch,
      .compression = output.compression,
      .graphite = output.graphite,
      .influx = {.precision = url.is_http() ? Precision::kSeconds : Precision::kNanoseconds,
                 .field = output.field},
      .hostname = hostname,
      .credentials = {.bearer_token = output.bearer_token.value,
                      .username = output.username.value,
                      .password = output.password.value},
      .proxy = output.proxy,
      .tls = output.tls};
  for (const auto& [name, value] : output.headers) options.headers.emplace_back(name, value.value);
  return options;
}

}  // namespace lariat::app
