#include "agent/config/endpoints.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <variant>

#include "agent/base/units.h"
#include "agent/config/name.h"
#include "agent/config/output_keys.h"
#include "agent/config/values.h"

namespace lariat::config {
namespace {

constexpr std::string_view kExample = R"({"east": {"url": "tsdp://host:2600"}})";
constexpr std::string_view kUrlExample = "\"tsdp://host:2600\"";
constexpr std::array<std::string_view, 2> kStartWords{"end", "begin"};
constexpr std::array<std::string_view, 2> kOrderWords{"fifo", "fresh-first"};
constexpr double kMostTimes = 1'000;
constexpr std::uint64_t kLeastLag = 4096;

std::optional<base::Url> read_url(const Value& value) {
  const auto text = value.text("a URL", kUrlExample);
  if (!text) return std::nullopt;
  auto url = base::parse_url(*text);
  if (!url) {
    value.mistake(url.error().text);
    return std::nullopt;
  }
  if (!url->is_unix() && url->port == 0) {
    value.mistake(
        fmt::format("\"{}://{}:0\" has port 0, to which nobody can connect; write the port of the "
                    "aggregator",
                    url->scheme, url->host));
    return std::nullopt;
  }
  return *std::move(url);
}

// Pattern by pattern, so that each mistake stands at its own.
void read_match(const Value& value, Endpoint& endpoint) {
  auto patterns = texts(value, "patterns", R"(["node_cpu_* *"])");
  if (!patterns) return;
  bool good = true;
  const auto elements = value.elements();
  for (std::size_t i = 0; i < patterns->size(); ++i) {
    const auto parsed = proto::Filter::parse(std::span(*patterns).subspan(i, 1));
    if (const auto* why = std::get_if<std::string>(&parsed)) {
      elements[i].mistake(*why);
      good = false;
    }
  }
  if (!good) return;
  auto filter = proto::Filter::parse(*patterns);
  if (const auto* why = std::get_if<std::string>(&filter)) {
    value.mistake(*why);
    return;
  }
  endpoint.match = *std::move(patterns);
  endpoint.filter = std::get<proto::Filter>(std::move(filter));
}

void read_back_off(const Value& value, Endpoint& endpoint) {
  auto object = Object::of(value, R"({"min": "500ms", "max": "30s"})");
  if (!object) return;
  const auto timeout = [](const Value& at) { return duration(at, kTimeout); };
  object->set("min", endpoint.back_off_min, timeout);
  object->set("max", endpoint.back_off_max, timeout);
  object->finish();
  if (endpoint.back_off_min > endpoint.back_off_max) {
    value.mistake(fmt::format("min is {} and max is {}: write a max that is not below min",
                              base::format_duration(endpoint.back_off_min),
                              base::format_duration(endpoint.back_off_max)));
  }
}

void read_max_bytes(const Value& value, const Log& log, Endpoint& endpoint) {
  endpoint.max_bytes = size(value, {.least = kLeastLag});
  if (!endpoint.max_bytes || *endpoint.max_bytes <= log.budget()) return;
  const auto* key = log.spool ? "log.spool.max_bytes" : "log.memory";
  value.warning(
      fmt::format("{} is more than {} holds ({}), which drops frames first; "
                  "write a larger {}, or remove this key",
                  value.found(), key, base::exact_size(log.budget()), key));
}

void judge_order(const Value& value, const base::Url& url) {
  if (url.scheme == "bolo") {
    value.mistake(
        "a classic Bolo needs each series in the order of time: write \"fifo\", or remove this "
        "key");
  } else if (url.scheme.starts_with("prometheus")) {
    value.warning(
        "live frames before the backlog are out of order for the server, which must allow that "
        "(out_of_order_time_window), or it refuses the backlog");
  }
}

void read_order(Object& object, const Log& log, Endpoint& endpoint) {
  // Of all servers, only those that speak TSDP are known to take what is late.
  endpoint.fresh_first = log.spool.has_value() && endpoint.url.is_tsdp();
  object.set("order", endpoint.fresh_first, [&](const Value& at) -> std::optional<bool> {
    const auto index = choice(at, kOrderWords);
    if (!index) return std::nullopt;
    if (*index == 1) judge_order(at, endpoint.url);
    return *index == 1;
  });
  object.set("catch_up", endpoint.catch_up,
             [](const Value& at) { return decimal(at, 0, kMostTimes); });
}

void read_heartbeat(Object& object, Endpoint& endpoint) {
  const auto value = object.find("heartbeat");
  if (!has_key(endpoint.url, "heartbeat")) {
    endpoint.heartbeat = std::chrono::milliseconds(0);
    if (value) {
      value->key_mistake(fmt::format("{}:// has no use for this key; it belongs to {}",
                                     endpoint.url.scheme, schemes_with("heartbeat")));
    }
  } else if (value) {
    endpoint.heartbeat = duration(*value, {}).value_or(endpoint.heartbeat);
  }
}

std::optional<Endpoint> read_endpoint(const Value& value, const Log& log) {
  const std::string& name = value.node().key;
  if (!is_name(name)) {
    value.key_mistake(
        fmt::format("{} cannot be the name of an endpoint; {}", quoted(name), kNameRule));
  }
  auto object = Object::of(value, R"({"url": "tsdp://host:2600"})");
  if (!object) return std::nullopt;
  Endpoint endpoint{.name = name};
  if (const auto url = object->find("url")) {
    if (auto parsed = read_url(*url)) endpoint.url = *std::move(parsed);
  } else {
    value.key_mistake(fmt::format("the url is missing; write \"url\": {}", kUrlExample));
  }
  object->set("start", endpoint.from_begin, [](const Value& at) -> std::optional<bool> {
    const auto index = choice(at, kStartWords);
    return index ? std::optional(*index == 1) : std::nullopt;
  });
  const auto timeout = [](const Value& at) { return duration(at, kTimeout); };
  object->set_unless_null("max_age", endpoint.max_age, timeout);
  if (const auto at = object->find_unless_null("max_bytes")) read_max_bytes(*at, log, endpoint);
  read_order(*object, log, endpoint);
  if (const auto at = object->find_unless_null("match")) read_match(*at, endpoint);
  object->set("connect_timeout", endpoint.connect_timeout, timeout);
  object->set("stall_timeout", endpoint.stall_timeout, timeout);
  if (const auto at = object->find("back_off")) read_back_off(*at, endpoint);
  read_heartbeat(*object, endpoint);
  endpoint.output = read_output(*object, endpoint.url);
  object->finish();
  return endpoint;
}

/// Name and line of the first endpoint with a URL.
using ByUrl = std::map<std::string, std::pair<std::string, std::size_t>>;

void warn_of_same_url(const Value& member, const Endpoint& endpoint, ByUrl& by_url) {
  if (endpoint.url.scheme.empty()) return;
  const Place place = member.node().key_place;
  const auto [first, added] =
      by_url.emplace(endpoint.url.text(), std::pair(endpoint.name, place.line));
  if (added) return;
  member.context().notes.warning(
      place, member.path(),
      fmt::format("has the URL of {}, line {}: its aggregator gets every frame twice",
                  quoted(first->second.first), first->second.second));
}

}  // namespace

std::vector<Endpoint> read_endpoints(const Value& value, const Log& log) {
  std::vector<Endpoint> list;
  const auto object = Object::of(value, kExample);
  if (!object) return list;
  ByUrl by_url;
  for (const Value& member : object->members()) {
    auto endpoint = read_endpoint(member, log);
    if (!endpoint) continue;
    warn_of_same_url(member, *endpoint, by_url);
    list.push_back(*std::move(endpoint));
  }
  return list;
}

}  // namespace lariat::config
