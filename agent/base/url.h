#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "agent/base/result.h"

namespace lariat::base {

/// Where an endpoint is.
///
/// | form | speaks |
/// | --- | --- |
/// | `tsdp://host:port`, `tsdp+tls://host:port`, `tsdp+unix:///path` | TSDP |
/// | `graphite://host`, port 2003 | lines of Graphite |
/// | `influx://host:port` | lines of InfluxDB |
/// | `influx+http://host/write?db=NAME`, port 8086; `influx+https://host:port/...` | HTTP writes |
/// | `prometheus+http://host:port/path`, `prometheus+https://host:port/path` | remote write |
/// | `bolo://host`, port 2999 | classic Bolo |
struct Url {
  std::string scheme;      ///< Lower case, without `://`.
  std::string host;        ///< Without brackets; empty for a path.
  std::uint16_t port = 0;  ///< 0 asks a listener for any free port; refused for a destination.
  std::string path;        ///< Absolute path of a unix socket; else empty.
  std::string target;      ///< Of HTTP: path and query as a request has them; else empty.

  [[nodiscard]] bool is_unix() const noexcept { return !path.empty(); }
  [[nodiscard]] bool is_http() const noexcept { return !target.empty(); }
  [[nodiscard]] bool is_tls() const noexcept;
  [[nodiscard]] bool is_tsdp() const noexcept;
  /// As it is written in a configuration.
  [[nodiscard]] std::string text() const;
  /// Of HTTP, as HTTP writes it: `https://host:port/target`.
  [[nodiscard]] std::string http_text() const;

  friend bool operator==(const Url&, const Url&) = default;
};

/// Parses the forms above. Hosts are names, IPv4 or bracketed IPv6 literals. A query of InfluxDB
/// gets `precision=s`, in which we write. Refused with a sentence: user info, queries where nothing
/// reads them and those that carry a password, numbers that only look like an address (`1.2.3`),
/// scope identifiers (`fe80::1%eth0`), which name servers would be asked for, paths of sockets over
/// 107 octets. No sentence repeats user info or a query.
[[nodiscard]] Result<Url> parse_url(std::string_view text);

}  // namespace lariat::base
