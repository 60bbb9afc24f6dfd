#include "agent/config/load.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "agent/base/units.h"
#include "agent/config/collectors.h"
#include "agent/config/endpoints.h"
#include "agent/config/listen.h"
#include "agent/config/name.h"
#include "agent/config/output.h"
#include "agent/config/reader.h"
#include "agent/config/schedule_file.h"
#include "agent/config/values.h"
#include "proto/qname.h"

namespace lariat::config {
namespace {

constexpr std::size_t kLargestFile = std::size_t{1} << 20U;
constexpr std::uint64_t kLeastSegment = std::uint64_t{4} << 10U;
constexpr std::uint64_t kMostSegment = std::uint64_t{1} << 30U;
constexpr std::uint64_t kMostRunning = 100'000;
constexpr std::uint64_t kMostSeries = 100'000'000;
constexpr std::size_t kLongestSocketPath = 107;  // Of sockaddr_un, without its NUL.
constexpr std::string_view kDefaultDirectory = "/etc/lariat/collectors.d";

std::string socket_in(const Surroundings& surroundings) {
  return surroundings.runtime_directory + "/lariat.sock";
}

// A host name that no tag can hold is no reason to run without one.
void add_host(const Surroundings& surroundings, proto::DefaultTags& tags) {
  if (tags.set("host", surroundings.hostname) == proto::NameError::kNone) return;
  (void)tags.set("host", "unknown");
}

// Room for the file that is written, the next, and two to be read.
constexpr std::uint64_t kLeastFiles = 4;

void read_spool(const Value& value, Log& log) {
  auto object = Object::of(value, R"({"directory": "/var/lib/lariat/spool"}, or null for none)");
  if (!object) return;
  Spool spool;
  object->set("directory", spool.directory,
              [](const Value& at) { return absolute_path(at, "/var/lib/lariat/spool"); });
  const auto most = object->find("max_bytes");
  if (most) spool.max_bytes = size(*most, {}).value_or(spool.max_bytes);
  object->set("sync", spool.sync, [](const Value& at) { return duration(at, {}); });
  object->finish();
  if (spool.max_bytes / kLeastFiles < log.segment) {
    const Value& at = most ? *most : value;
    at.mistake(fmt::format("max_bytes is {}, less than four segments of {}; write {} or more",
                           base::exact_size(spool.max_bytes), base::exact_size(log.segment),
                           base::exact_size(kLeastFiles * log.segment)));
  }
  log.spool = std::move(spool);
}

void read_log(const Value& value, Log& log) {
  auto object = Object::of(value, R"({"memory": "16MiB"})");
  if (!object) return;
  const auto memory = object->find("memory");
  if (memory) log.memory = size(*memory, {}).value_or(log.memory);
  object->set("segment", log.segment, [](const Value& at) {
    return size(at, {.least = kLeastSegment, .most = kMostSegment});
  });
  if (const auto spool = object->find_unless_null("spool")) read_spool(*spool, log);
  object->finish();
  if (log.memory / 2 >= log.segment) return;
  const Value& at = memory ? *memory : value;
  at.mistake(fmt::format("memory is {}, less than two segments of {}; write {} or more",
                         base::exact_size(log.memory), base::exact_size(log.segment),
                         base::exact_size(2 * log.segment)));
}

std::optional<std::string> read_socket(const Value& value) {
  auto path = absolute_path(value, "/run/lariat/lariat.sock");
  if (!path) return std::nullopt;
  if (path->size() > kLongestSocketPath) {
    value.mistake(fmt::format("the path has {} octets; that of a socket has {} at most",
                              path->size(), kLongestSocketPath));
    return std::nullopt;
  }
  if (path->ends_with('/')) {
    value.mistake(
        fmt::format("{} is a directory; write the path of a socket in it", quoted(*path)));
    return std::nullopt;
  }
  return path;
}

void read_control(const Value& value, Config& config) {
  auto object = Object::of(value, R"({"socket": "/run/lariat/lariat.sock"}, or null for none)");
  if (!object) return;
  config.control_provenance.configured = object->find("socket").has_value();
  object->set("socket", config.control_socket, read_socket);
  object->finish();
}

void read_http(const Value& value, Config& config) {
  auto object = Object::of(value, R"({"listen": "127.0.0.1:9299"}, or null for none)");
  if (!object) return;
  object->set("listen", config.http, read_listen);
  if (const auto tls = object->find_unless_null("tls")) config.http->tls = read_server_tls(*tls);
  object->finish();
}

std::optional<std::vector<std::string>> read_directories(const Value& value) {
  auto list = texts(value, "directories", R"(["/etc/lariat/collectors.d"])");
  if (!list) return std::nullopt;
  const auto elements = value.elements();
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < list->size(); ++i) {
    (void)absolute_path(elements[i], kDefaultDirectory);
    if (!seen.insert((*list)[i]).second) elements[i].mistake("this directory is here already");
  }
  return list;
}

void read_run(const Value& value, Config& config) {
  const auto object = Object::of(value, R"({"mine": {"command": ["/opt/x.sh"]}})");
  if (!object) return;
  for (const Value& member : object->members()) {
    const std::string& name = member.node().key;
    if (!is_name(name)) {
      member.key_mistake(
          fmt::format("{} cannot be the name of a collector; {}", quoted(name), kNameRule));
    }
    auto collector = read_collector(member, name, config.interval,
                                    fmt::format("{}: {}", config.file, member.path()));
    if (collector) config.run.push_back(*std::move(collector));
  }
}

void read_schedule_file(const Value& value, Config& config) {
  auto path = absolute_path(value, "/etc/dbolo.conf");
  if (!path) return;
  const auto text = value.context().surroundings.read_file(*path);
  if (!text) {
    value.mistake(text.error().text);
    return;
  }
  std::vector<std::string> taken;
  for (const Collector& collector : config.run) taken.push_back(collector.name);
  auto schedule = read_schedule(*text, *path, taken);
  value.context().notes.add_warnings(std::move(schedule.warnings));
  config.schedule_file = *std::move(path);
  config.schedule = std::move(schedule.collectors);
}

void read_collectors(const Value& value, Config& config) {
  auto object = Object::of(value, R"({"directories": ["/etc/lariat/collectors.d"]})");
  if (!object) return;
  object->set("directories", config.directories, read_directories);
  object->set("max_running", config.max_running,
              [](const Value& at) { return number(at, 1, kMostRunning); });
  if (const auto run = object->find("run")) read_run(*run, config);
  if (const auto at = object->find_unless_null("schedule_file")) read_schedule_file(*at, config);
  object->finish();
}

void read_config(const Value& value, Config& config) {
  auto object = Object::of(value, "{ and } around the whole configuration");
  if (!object) return;
  object->set("tags", config.tags, [](const Value& at) { return std::optional(read_tags(at)); });
  object->set("interval", config.interval, [](const Value& at) { return duration(at, kInterval); });
  if (const auto log = object->find("log")) read_log(*log, config.log);
  if (const auto http = object->find("http")) {
    if (http->is_null()) {
      config.http.reset();
    } else {
      read_http(*http, config);
    }
  }
  if (const auto control = object->find("control")) {
    if (control->is_null()) {
      config.control_socket.clear();
    } else {
      read_control(*control, config);
    }
  }
  if (const auto endpoints = object->find("endpoints")) {
    config.endpoints = read_endpoints(*endpoints, config.log);
  }
  if (const auto collectors = object->find("collectors")) read_collectors(*collectors, config);
  object->set("max_series", config.max_series,
              [](const Value& at) { return number(at, 1, kMostSeries); });
  object->set("shutdown_grace", config.shutdown_grace,
              [](const Value& at) { return duration(at, {}); });
  object->finish();
}

// What it is without a file, but for its collectors.
Config defaults(const Surroundings& surroundings) {
  Config config;
  config.control_socket = socket_in(surroundings);
  config.hostname = surroundings.hostname;
  return config;
}

}  // namespace

Loaded parse(std::string_view text, const std::string& file, const Surroundings& surroundings) {
  Notes notes(file);
  Loaded loaded;
  Config config = defaults(surroundings);
  config.file = file;
  config.directories.emplace_back(kDefaultDirectory);
  if (text.size() > kLargestFile) {
    notes.mistake({}, {}, "the file is over 1 MiB, the most that a configuration may have");
  } else if (const auto root = parse_json(text, notes)) {
    Context context{notes, surroundings};
    read_config(Value(context, *root, {}), config);
  }
  if (config.tags.empty()) add_host(surroundings, config.tags);
  if (notes.good()) loaded.config = std::move(config);
  loaded.mistakes = notes.take_mistakes();
  loaded.warnings = notes.take_warnings();
  return loaded;
}

Loaded load(const std::string& file, const Surroundings& surroundings) {
  const auto text = surroundings.read_file(file);
  if (text) return parse(*text, file, surroundings);
  Notes notes(file);
  notes.unreadable(text.error().text);
  return {.mistakes = notes.take_mistakes()};
}

Config built_in_default(const Surroundings& surroundings) {
  Config config = defaults(surroundings);
  add_host(surroundings, config.tags);
  for (const std::string name : {"linux", "hostinfo"}) {
    config.run.push_back({.name = name,
                          .command = {surroundings.shipped_collectors + '/' + name},
                          .mode = Mode::kStream,
                          .interval = config.interval,
                          .timeout = config.interval,
                          .origin = "built-in default"});
  }
  return config;
}

}  // namespace lariat::config
