#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/base/output.h"
#include "agent/base/url.h"
#include "proto/default_tags.h"
#include "proto/graphite.h"

namespace lariat::config {

class Object;
class Value;

/// A text that is never shown.
struct Secret {
  std::string value;
  std::string reference;  ///< `@file:/path` and the like, which may be; empty: written as it is.

  [[nodiscard]] bool empty() const noexcept { return value.empty(); }
  friend bool operator==(const Secret&, const Secret&) = default;
};

/// What an endpoint has beside what all have: of these each scheme has some.
struct Output {
  proto::DefaultTags labels;  ///< Added to names that lack the key.
  proto::GraphiteOptions graphite;
  std::string field = "value";  ///< Of a line of InfluxDB.
  base::BatchLimits batch;
  base::Compression compression = base::Compression::kNone;
  std::vector<std::pair<std::string, Secret>> headers;
  Secret bearer_token;
  Secret username;
  Secret password;
  std::string proxy;  ///< Empty: none.
  base::TlsOptions tls;
  friend bool operator==(const Output&, const Output&) = default;
};

inline constexpr std::string_view kCompressionWords[] = {"none", "gzip", "snappy"};
inline constexpr std::string_view kTlsVersionWords[] = {"1.2", "1.3"};

/// What an endpoint has that says nothing of these.
[[nodiscard]] Output default_output(const base::Url& url);

/// Reads these keys of an endpoint. One that the scheme of `url` has no use for is a mistake that
/// says which have it; of a URL without a scheme, which was one, all are good.
[[nodiscard]] Output read_output(Object& object, const base::Url& url);

/// Tags, or labels, as an object has them: name and value.
[[nodiscard]] proto::DefaultTags read_tags(const Value& value);
/// A mistake says nothing of what is written.
[[nodiscard]] std::optional<Secret> secret(const Value& value);

}  // namespace lariat::config
