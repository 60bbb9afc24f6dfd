#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/net/tls_options.h"
#include "proto/default_tags.h"
#include "proto/graphite.h"
#include "proto/influx.h"

namespace lariat::publish {

/// When the samples gathered for one request of HTTP go: whichever is reached first.
struct BatchLimits {
  std::uint64_t samples = 2'000;
  std::chrono::milliseconds age{5'000};           ///< Of the oldest of them.
  std::uint64_t bytes = std::uint64_t{1} << 20U;  ///< Of the body before it is compressed.
  friend bool operator==(const BatchLimits&, const BatchLimits&) = default;
};

enum class Compression : std::uint8_t { kNone, kGzip, kSnappy };

/// How a request says who sends it. At most one of the two is set.
struct Credentials {
  std::string bearer_token;
  std::string username;  ///< Of basic authentication, with `password`.
  std::string password;
  friend bool operator==(const Credentials&, const Credentials&) = default;
};

/// What an endpoint over TLS trusts and shows. Paths are absolute.
using TlsOptions = net::TlsOptions;
using TlsVersion = net::TlsVersion;

/// What belongs to the format and the protocol of one endpoint: each takes what concerns it. A
/// configuration that sets what its scheme has no use for was refused before.
struct OutputOptions {
  proto::DefaultTags labels;  ///< Added to every name that lacks the key; not for TSDP.
  BatchLimits batch;
  Compression compression = Compression::kNone;  ///< Remote write: snappy. Else gzip or none.
  proto::GraphiteOptions graphite;
  proto::InfluxOptions influx;
  std::string hostname;  ///< Of this host: what remote write calls `instance` where no tag does.
  std::vector<std::pair<std::string, std::string>> headers;  ///< Name and value.
  Credentials credentials;
  std::string proxy;  ///< `http://host:port`; empty: none, whatever the environment says.
  TlsOptions tls;
  friend bool operator==(const OutputOptions&, const OutputOptions&) = default;
};

}  // namespace lariat::publish
