#pragma once

#include <chrono>
#include <string>

#include "agent/base/url.h"
#include "agent/publish/log_reader.h"
#include "agent/publish/output_options.h"

namespace lariat::publish {

/// What the configuration says of one aggregator.
struct EndpointConfig {
  std::string name;
  base::Url url;
  CursorLimits limits;
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds stall_timeout{30'000};
  std::chrono::milliseconds back_off_min{500};
  std::chrono::milliseconds back_off_max{30'000};
  std::chrono::milliseconds heartbeat{60'000};  ///< 0: none.
  /// A backlog beside the live frames goes out at so many times the rate at which the log grows, at
  /// least at 256 KiB/s; 0: as fast as it goes.
  double catch_up = 4;
  OutputOptions output;

  friend bool operator==(const EndpointConfig&, const EndpointConfig&) = default;
};

}  // namespace lariat::publish
