#include "agent/publish/http_target_of.h"

#include <fmt/format.h>

namespace lariat::publish {

bool is_remote_write(const base::Url& url) { return url.scheme.starts_with("prometheus+"); }

HttpTarget target_of(const EndpointConfig& config) {
  const auto& output = config.output;
  HttpTarget target{.secure = config.url.is_tls(),
                    .host = config.url.host,
                    .port = config.url.port,
                    .path = config.url.target,
                    .credentials = output.credentials,
                    .proxy = output.proxy,
                    .tls = output.tls,
                    .connect_timeout = config.connect_timeout,
                    .stall_timeout = config.stall_timeout};
  for (const auto& [name, value] : output.headers) {
    target.headers.push_back(fmt::format("{}: {}", name, value));
  }
  return target;
}

Compression compression_of(const EndpointConfig& config) {
  return is_remote_write(config.url) ? Compression::kSnappy : config.output.compression;
}

}  // namespace lariat::publish
