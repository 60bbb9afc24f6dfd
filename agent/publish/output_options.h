#pragma once

#include <string>
#include <utility>
#include <vector>

#include "agent/base/output.h"
#include "proto/default_tags.h"
#include "proto/graphite.h"
#include "proto/influx.h"

namespace lariat::publish {

using base::BatchLimits;
using base::Compression;
using base::Credentials;
using base::TlsOptions;
using base::TlsVersion;

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
