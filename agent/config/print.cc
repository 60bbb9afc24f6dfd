#include <array>
#include <nlohmann/json.hpp>
#include <string>

#include "agent/base/units.h"
#include "agent/config/collectors.h"
#include "agent/config/load.h"
#include "agent/config/output.h"
#include "agent/config/output_keys.h"
#include "agent/config/substitute.h"
#include "proto/qname.h"

namespace lariat::config {
namespace {

using Json = nlohmann::ordered_json;

Json texts(const std::vector<std::string>& list) {
  Json array = Json::array();
  for (const std::string& text : list) array.push_back(as_written(text));
  return array;
}

std::string duration(std::chrono::milliseconds value) { return base::format_duration(value); }

Json optional_size(const std::optional<std::uint64_t>& bytes) {
  return bytes ? Json(base::exact_size(*bytes)) : Json(nullptr);
}

// Tags are kept as names spell them.
Json tags(const proto::DefaultTags& tags) {
  Json object = Json::object();
  std::array<char, proto::kMaxNameLength> room;
  for (const auto& [key, value] : tags.entries()) {
    const std::string plain_key(proto::unescape(key, room));
    object[plain_key] = as_written(std::string(proto::unescape(value, room)));
  }
  return object;
}

Json optional_text(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(as_written(text));
}

// Only where it comes from.
Json secret(const Secret& secret) {
  if (secret.empty()) return nullptr;
  return secret.reference.empty() ? "***" : secret.reference;
}

Json tls(const base::TlsOptions& tls) {
  Json object = Json::object();
  object["ca"] = optional_text(tls.ca);
  object["certificate"] = optional_text(tls.certificate);
  object["key"] = optional_text(tls.key);
  object["server_name"] = optional_text(tls.server_name);
  object["min_version"] = kTlsVersionWords[static_cast<std::size_t>(tls.min_version)];
  return object;
}

Json batch(const base::BatchLimits& batch) {
  Json object = Json::object();
  object["samples"] = batch.samples;
  object["age"] = duration(batch.age);
  object["bytes"] = base::exact_size(batch.bytes);
  return object;
}

Json headers(const Output& output) {
  Json object = Json::object();
  for (const auto& [name, value] : output.headers) {
    object[name] = value.empty() ? Json("") : secret(value);
  }
  return object;
}

// Those that the scheme has a use for.
void add_output(const base::Url& url, const Output& output, Json& object) {
  const auto add = [&](std::string_view key, auto value) {
    if (has_key(url, key)) object[std::string(key)] = value();
  };
  add("labels", [&] { return tags(output.labels); });
  if (!output.graphite.tags) add("template", [&] { return Json(output.graphite.layout.text()); });
  add("prefix", [&] { return optional_text(output.graphite.prefix); });
  add("tags", [&] { return Json(output.graphite.tags); });
  add("field", [&] { return Json(as_written(output.field)); });
  add("batch", [&] { return batch(output.batch); });
  add("compression",
      [&] { return Json(kCompressionWords[static_cast<std::size_t>(output.compression)]); });
  add("headers", [&] { return headers(output); });
  add("bearer_token", [&] { return secret(output.bearer_token); });
  add("username", [&] { return secret(output.username); });
  add("password", [&] { return secret(output.password); });
  add("proxy", [&] { return optional_text(output.proxy); });
  add("tls", [&] { return tls(output.tls); });
}

Json server_tls(const std::optional<ServerTls>& tls) {
  if (!tls) return nullptr;
  Json object = Json::object();
  object["certificate"] = as_written(tls->certificate);
  object["key"] = as_written(tls->key);
  object["client_ca"] = optional_text(tls->client_ca);
  return object;
}

Json listen(const std::optional<Listen>& http) {
  if (!http) return nullptr;
  const bool brackets = http->host.find(':') != std::string::npos;
  const std::string host = brackets ? '[' + http->host + ']' : http->host;
  Json object = Json::object();
  object["listen"] = host + ':' + std::to_string(http->port);
  object["tls"] = server_tls(http->tls);
  return object;
}

Json spool(const std::optional<Spool>& spool) {
  if (!spool) return nullptr;
  Json object = Json::object();
  object["directory"] = as_written(spool->directory);
  object["max_bytes"] = base::exact_size(spool->max_bytes);
  object["sync"] = duration(spool->sync);
  return object;
}

Json endpoint(const Endpoint& endpoint) {
  Json object = Json::object();
  object["url"] = endpoint.url.text();
  object["start"] = endpoint.from_begin ? "begin" : "end";
  object["max_age"] = endpoint.max_age ? Json(duration(*endpoint.max_age)) : Json(nullptr);
  object["max_bytes"] = optional_size(endpoint.max_bytes);
  object["order"] = endpoint.fresh_first ? "fresh-first" : "fifo";
  object["catch_up"] = endpoint.catch_up;
  object["match"] = endpoint.match.empty() ? Json(nullptr) : texts(endpoint.match);
  object["connect_timeout"] = duration(endpoint.connect_timeout);
  object["stall_timeout"] = duration(endpoint.stall_timeout);
  object["back_off"]["min"] = duration(endpoint.back_off_min);
  object["back_off"]["max"] = duration(endpoint.back_off_max);
  if (has_key(endpoint.url, "heartbeat")) object["heartbeat"] = duration(endpoint.heartbeat);
  add_output(endpoint.url, endpoint.output, object);
  return object;
}

Json ionice(const std::optional<IoPriority>& priority) {
  if (!priority) return nullptr;
  if (priority->idle) return "idle";
  return "best-effort:" + std::to_string(priority->level);
}

Json optional_count(const std::optional<std::uint64_t>& count) {
  return count ? Json(*count) : Json(nullptr);
}

Json collector(const Collector& collector) {
  Json object = Json::object();
  object["command"] = texts(collector.command);
  object["mode"] = kModeWords.at(static_cast<std::size_t>(collector.mode));
  object["format"] = kFormatWords.at(static_cast<std::size_t>(collector.format));
  object["interval"] = duration(collector.interval);
  if (collector.mode != Mode::kFeed) object["timeout"] = duration(collector.timeout);
  object["env"] = Json::object();
  for (const auto& [name, value] : collector.env) object["env"][name] = as_written(value);
  object["user"] = collector.user.empty() ? Json(nullptr) : Json(as_written(collector.user));
  object["nice"] = collector.nice;
  object["ionice"] = ionice(collector.ionice);
  object["max_memory"] = optional_size(collector.max_memory);
  object["max_cpu"] = collector.max_cpu ? Json(duration(*collector.max_cpu)) : Json(nullptr);
  object["max_files"] = optional_count(collector.max_files);
  object["max_processes"] = optional_count(collector.max_processes);
  object["max_series"] = collector.max_series;
  object["max_frames"] = collector.max_frames;
  object["max_output"] = base::exact_size(collector.max_output);
  object["max_line"] = base::exact_size(collector.max_line);
  object["expose"] = collector.expose;
  object["enabled"] = collector.enabled;
  return object;
}

Json collectors(const Config& config) {
  Json object = Json::object();
  object["directories"] = texts(config.directories);
  object["max_running"] = config.max_running;
  object["run"] = Json::object();
  for (const Collector& one : config.run) object["run"][one.name] = collector(one);
  object["schedule_file"] =
      config.schedule_file.empty() ? Json(nullptr) : Json(as_written(config.schedule_file));
  return object;
}

}  // namespace

std::string print(const Config& config) {
  Json object = Json::object();
  object["tags"] = tags(config.tags);
  object["interval"] = duration(config.interval);
  object["log"]["memory"] = base::exact_size(config.log.memory);
  object["log"]["segment"] = base::exact_size(config.log.segment);
  object["log"]["spool"] = spool(config.log.spool);
  object["http"] = listen(config.http);
  object["control"] = nullptr;
  if (!config.control_socket.empty()) object["control"]["socket"] = config.control_socket;
  object["endpoints"] = Json::object();
  for (const Endpoint& one : config.endpoints) object["endpoints"][one.name] = endpoint(one);
  object["collectors"] = collectors(config);
  object["max_series"] = config.max_series;
  object["shutdown_grace"] = duration(config.shutdown_grace);
  // Escapes all but ASCII, so that nothing in it controls a terminal.
  return object.dump(2, ' ', true, Json::error_handler_t::replace) + '\n';
}

}  // namespace lariat::config
