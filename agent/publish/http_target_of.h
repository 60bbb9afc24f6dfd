#pragma once

#include "agent/base/url.h"
#include "agent/publish/endpoint_config.h"
#include "agent/publish/http_target.h"

namespace lariat::publish {

/// `prometheus+http://` or `prometheus+https://`.
[[nodiscard]] bool is_remote_write(const base::Url& url);
/// Where the requests of an endpoint go.
[[nodiscard]] HttpTarget target_of(const EndpointConfig& config);
/// Remote write is always snappy.
[[nodiscard]] Compression compression_of(const EndpointConfig& config);

}  // namespace lariat::publish
