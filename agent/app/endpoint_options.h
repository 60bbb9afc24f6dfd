#pragma once

#include <string>
#include <vector>

#include "agent/base/result.h"
#include "agent/publish/endpoint.h"

namespace CLI {  // NOLINT(readability-identifier-naming): not ours.
class App;
}

namespace lariat::app {

/// The settings of endpoints as options of the command line: spelled as in a configuration.
struct EndpointOptions {
  std::string connect_timeout = "5s";
  std::string stall_timeout = "30s";
  std::string back_off_min = "500ms";
  std::string back_off_max = "30s";
  std::string heartbeat = "60s";
  std::string max_bytes;
  std::string max_age;
  std::vector<std::string> match;
  std::string memory = "16MiB";
  std::string segment = "1MiB";
  publish::TlsOptions tls;

  /// Adds an option for each to `command`.
  void add_to(CLI::App& command);
  /// Endpoints `e0`, `e1`, … for the URLs; they begin at the log's beginning.
  [[nodiscard]] base::Result<std::vector<publish::EndpointConfig>> endpoints(
      const std::vector<std::string>& urls) const;
  [[nodiscard]] base::Result<publish::LogLimits> log_limits() const;
};

/// As `base::parse_duration`, with the option's name in the sentence.
[[nodiscard]] base::Result<std::chrono::milliseconds> duration_option(std::string_view option,
                                                                      std::string_view text);

}  // namespace lariat::app
