#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "agent/publish/output_options.h"

namespace lariat::publish {

/// Where requests go, and how.
struct HttpTarget {
  bool secure = false;  ///< https
  std::string host;     ///< Without brackets.
  std::uint16_t port = 0;
  std::string path = "/";  ///< With its query, as it goes out.
  /// Of the user, `Name: value`; they come before those of a request, which win.
  std::vector<std::string> headers;
  Credentials credentials;
  std::string proxy;  ///< `http://host:port`, or empty: none, whatever the environment says.
  TlsOptions tls;
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds timeout{30'000};  ///< Of a request, from the connection on.
  std::chrono::milliseconds stall_timeout{30'000};

  friend bool operator==(const HttpTarget&, const HttpTarget&) = default;
};

}  // namespace lariat::publish
