#include "agent/config/output.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <variant>

#include "agent/config/credentials.h"
#include "agent/config/output_keys.h"
#include "agent/config/reader.h"
#include "agent/config/values.h"
#include "proto/qname.h"

namespace lariat::config {
namespace {

constexpr std::uint64_t kMostSamples = 100'000;
constexpr std::uint64_t kLeastBody = std::uint64_t{4} << 10U;
constexpr std::uint64_t kMostBody = std::uint64_t{16} << 20U;
constexpr std::size_t kLongestPrefix = 200;
constexpr std::size_t kLongestField = 200;
constexpr std::string_view kTemplateExample = "\"host.metric.tags\"";

/// The keys of one endpoint, of which only those are handed out that its scheme has a use for.
class Keys {
 public:
  Keys(Object& object, const base::Url& url) : object_(object), url_(url) {}

  [[nodiscard]] std::optional<Value> find(std::string_view key) {
    auto value = object_.find(key);
    if (!value || has_key(url_, key)) return value;
    value->key_mistake(fmt::format("{}:// has no use for this key; it belongs to {}", url_.scheme,
                                   schemes_with(key)));
    return std::nullopt;
  }
  template <typename Target, typename Read>
  void set(std::string_view key, Target& target, Read read) {
    const auto value = find(key);
    if (!value) return;
    if (auto got = read(*value)) target = std::move(*got);
  }
  template <typename Target, typename Read>
  void set_unless_null(std::string_view key, Target& target, Read read) {
    const auto value = find(key);
    if (!value || value->is_null()) return;
    if (auto got = read(*value)) target = std::move(*got);
  }

 private:
  Object& object_;
  const base::Url& url_;
};

std::optional<std::string> limited_text(const Value& value, std::string_view what,
                                        std::string_view example, std::size_t longest) {
  auto text = value.text(what, example);
  if (!text) return std::nullopt;
  if (!text->empty() && text->size() <= longest) return text;
  value.mistake(
      fmt::format("it has {} octets; write 1 to {}, or null for none", text->size(), longest));
  return std::nullopt;
}

std::optional<proto::GraphiteTemplate> read_template(const Value& value) {
  const auto text = value.text("a template", kTemplateExample);
  if (!text) return std::nullopt;
  auto parsed = proto::GraphiteTemplate::parse(*text);
  if (auto* made = std::get_if<proto::GraphiteTemplate>(&parsed)) return std::move(*made);
  value.mistake(fmt::format("{}: {}", quoted(*text), std::get<std::string>(parsed)));
  return std::nullopt;
}

void read_graphite(Keys& keys, proto::GraphiteOptions& graphite) {
  keys.set("tags", graphite.tags, boolean);
  keys.set_unless_null("prefix", graphite.prefix, [](const Value& at) {
    return limited_text(at, "the first levels of a path", "\"servers.east\"", kLongestPrefix);
  });
  const auto layout = keys.find("template");
  if (!layout) return;
  if (auto made = read_template(*layout)) graphite.layout = *std::move(made);
  if (graphite.tags) {
    layout->mistake(
        "with \"tags\": true a path is the metric and its tags, and a template has no use; remove "
        "one of the two keys");
  }
}

std::optional<std::string> read_field(const Value& value) {
  auto text = limited_text(value, "the name of a field", "\"value\"", kLongestField);
  if (!text) return std::nullopt;
  const auto is_good = [](char octet) { return octet >= 0x20 && octet < 0x7f && octet != '\\'; };
  if (*text != "time" && std::ranges::all_of(*text, is_good)) return text;
  value.mistake(
      fmt::format("{} cannot be the name of a field; write printable ASCII without \\, "
                  "and not \"time\"",
                  quoted(*text)));
  return std::nullopt;
}

std::optional<base::BatchLimits> read_batch(const Value& value) {
  auto object = Object::of(value, R"({"samples": 2000, "age": "5s", "bytes": "1MiB"})");
  if (!object) return std::nullopt;
  base::BatchLimits batch;
  object->set("samples", batch.samples,
              [](const Value& at) { return number(at, 1, kMostSamples); });
  object->set("age", batch.age, [](const Value& at) { return duration(at, kTimeout); });
  object->set("bytes", batch.bytes,
              [](const Value& at) { return size(at, {.least = kLeastBody, .most = kMostBody}); });
  object->finish();
  return batch;
}

bool is_remote_write(const base::Url& url) noexcept { return url.scheme.starts_with("prometheus"); }

std::optional<base::Compression> read_compression(const Value& value, const base::Url& url) {
  const auto words = std::span(kCompressionWords);
  // Remote write 1.0 has no other; to InfluxDB it is unknown.
  const auto allowed = is_remote_write(url) ? words.last(1) : words.first(2);
  const auto index = url.scheme.empty() ? choice(value, words) : choice(value, allowed);
  if (!index) return std::nullopt;
  return is_remote_write(url) ? base::Compression::kSnappy : static_cast<base::Compression>(*index);
}

std::optional<std::string> read_proxy(const Value& value) {
  constexpr std::string_view kExample = "\"http://proxy.example:3128\"";
  constexpr std::string_view kScheme = "http://";
  auto text = value.text("the URL of a proxy", kExample);
  if (!text) return std::nullopt;
  const auto rest = std::string_view(*text).substr(std::min(kScheme.size(), text->size()));
  const auto url = base::parse_url("tsdp://" + std::string(rest));
  if (text->starts_with(kScheme) && url && url->port != 0) {
    return std::string(kScheme) + url->text().substr(url->text().find("://") + 3);
  }
  // It may have a password in it.
  value.mistake(
      fmt::format("this is no proxy that can be used; write scheme, host and port, and "
                  "neither user nor password, as {}",
                  kExample));
  return std::nullopt;
}

std::optional<std::string> read_server_name(const Value& value) {
  auto text = value.text("a host name", "\"agg1.example\"");
  if (!text) return std::nullopt;
  if (base::parse_url("tsdp://" + *text + ":1") || base::parse_url("tsdp://[" + *text + "]:1")) {
    return text;
  }
  value.mistake(fmt::format("{} is neither a host name nor an address", quoted(*text)));
  return std::nullopt;
}

std::optional<base::TlsOptions> read_tls(const Value& value) {
  auto object = Object::of(value, R"({"ca": "/etc/ssl/certs/ours.pem"})");
  if (!object) return std::nullopt;
  base::TlsOptions tls;
  const auto path = [](const Value& at) { return absolute_path(at, "/etc/lariat/tls.pem"); };
  object->set_unless_null("ca", tls.ca, path);
  object->set_unless_null("certificate", tls.certificate, path);
  object->set_unless_null("key", tls.key, path);
  object->set_unless_null("server_name", tls.server_name, read_server_name);
  object->set("min_version", tls.min_version,
              [](const Value& at) -> std::optional<base::TlsVersion> {
                const auto index = choice(at, kTlsVersionWords);
                if (!index) return std::nullopt;
                return static_cast<base::TlsVersion>(*index);
              });
  object->finish();
  if (tls.certificate.empty() != tls.key.empty()) {
    value.mistake("\"certificate\" and \"key\" belong together: write both or none");
  }
  return tls;
}

}  // namespace

proto::DefaultTags read_tags(const Value& value) {
  proto::DefaultTags tags;
  const auto object = Object::of(value, R"({"env": "prod"})");
  if (!object) return tags;
  for (const Value& member : object->members()) {
    const auto text = member.text("the value of a tag", {});
    if (!text) continue;
    const auto before = tags.entries().size();
    const auto error = tags.set(member.node().key, *text);
    if (error != proto::NameError::kNone) {
      member.mistake(proto::to_string(error));
    } else if (tags.entries().size() == before) {
      member.key_mistake("this tag is here already, spelled with other blanks: keep one of them");
    }
  }
  return tags;
}

Output default_output(const base::Url& url) {
  Output output;
  if (is_remote_write(url)) {
    output.compression = base::Compression::kSnappy;
  } else if (url.is_http()) {
    output.compression = base::Compression::kGzip;
  }
  return output;
}

namespace {

// Whoever is on the way could read them.
void warn_of_plain_credentials(const CredentialKeys& keys, const Output& output,
                               const base::Url& url) {
  const bool here = url.host == "localhost" || url.host == "::1" || url.host.starts_with("127.");
  if (url.is_tls() || here) return;
  const bool token = !output.bearer_token.empty();
  if (!token && output.password.empty()) return;
  const auto& value = token ? keys.bearer_token : keys.password;
  const auto secure = url.scheme + "s";
  value->warning(
      fmt::format("it goes over the network as it is, for everyone on the way to read; "
                  "write a url of {}://",
                  secure));
}

}  // namespace

Output read_output(Object& object, const base::Url& url) {
  Keys keys(object, url);
  Output output = default_output(url);
  keys.set("labels", output.labels, [](const Value& at) { return std::optional(read_tags(at)); });
  read_graphite(keys, output.graphite);
  keys.set("field", output.field, read_field);
  keys.set("batch", output.batch, read_batch);
  keys.set("compression", output.compression,
           [&url](const Value& at) { return read_compression(at, url); });
  keys.set_unless_null("proxy", output.proxy, read_proxy);
  keys.set("tls", output.tls, read_tls);
  const CredentialKeys credentials{.headers = keys.find("headers"),
                                   .bearer_token = keys.find("bearer_token"),
                                   .username = keys.find("username"),
                                   .password = keys.find("password")};
  read_credentials(credentials, output);
  warn_of_plain_credentials(credentials, output, url);
  return output;
}

}  // namespace lariat::config
