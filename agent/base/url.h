#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "agent/base/result.h"

namespace lariat::base {

/// Where an endpoint is: `tsdp://host:port`, `tsdp://[v6]:port`, `tsdp+unix:///path`.
struct Url {
  std::string scheme;      ///< Lower case, without `://`.
  std::string host;        ///< Without brackets; empty for a path.
  std::uint16_t port = 0;  ///< 0 asks a listener for any free port; refused for a destination.
  std::string path;        ///< Absolute path of a unix socket; else empty.

  [[nodiscard]] bool is_unix() const noexcept { return !path.empty(); }
  /// As it is written in a configuration.
  [[nodiscard]] std::string text() const;

  friend bool operator==(const Url&, const Url&) = default;
};

/// Parses what this version can speak. Hosts are names, IPv4 or bracketed IPv6 literals. Refused
/// with a sentence: user info, queries, numbers that only look like an address (`1.2.3`), scope
/// identifiers (`fe80::1%eth0`), which name servers would be asked for, paths over 107 octets.
[[nodiscard]] Result<Url> parse_url(std::string_view text);

}  // namespace lariat::base
