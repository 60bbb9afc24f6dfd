#include "agent/config/collectors.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "agent/base/units.h"
#include "agent/config/load.h"
#include "agent/config/name.h"
#include "agent/config/values.h"

namespace lariat::config {
namespace {

constexpr std::string_view kCommandExample = R"(["/opt/x.sh", "argument"])";
constexpr int kMostNice = 19;
constexpr std::uint64_t kMostSeries = 100'000'000;
constexpr std::uint64_t kLeastFiles = 8;  // The loader of a program needs some.
constexpr std::uint64_t kMostFiles = std::uint64_t{1} << 30U;
constexpr std::uint64_t kMostProcesses = std::uint64_t{1} << 22U;  // As the kernel's numbers.
constexpr DurationRule kCpuTime{.least = std::chrono::seconds(1)};
constexpr std::uint64_t kLeastMemory = std::uint64_t{1} << 20U;
constexpr std::uint64_t kLeastLine = std::uint64_t{1} << 10U;
constexpr std::uint64_t kMostLine = std::uint64_t{16} << 20U;

// An absolute path as it is; a bare name is that of a shipped collector.
std::optional<std::string> program(const Value& at, std::string text) {
  if (text.starts_with('/') && !text.ends_with('/')) return text;
  const bool bare =
      !text.empty() && text.find('/') == std::string::npos && text != "." && text != "..";
  if (bare) return at.context().surroundings.shipped_collectors + '/' + text;
  at.mistake(
      fmt::format("{} is not a program; write an absolute path, or the bare name of a "
                  "collector that comes with Lariat",
                  quoted(text)));
  return std::nullopt;
}

std::optional<std::vector<std::string>> read_command(const Value& value) {
  if (value.is(Node::Kind::kString)) {
    value.mistake(
        fmt::format("{} is a text; write an array of the program and its arguments, "
                    "[{}], or [\"/bin/sh\", \"-c\", {}] for a shell",
                    value.found(), value.found(), value.found()));
    return std::nullopt;
  }
  auto command = texts(value, "the program and its arguments", kCommandExample);
  if (!command) return std::nullopt;
  if (command->empty()) {
    value.mistake(fmt::format("the array is empty; write {}", kCommandExample));
    return std::nullopt;
  }
  auto absolute = program(value.elements().front(), command->front());
  if (!absolute) return std::nullopt;
  command->front() = *std::move(absolute);
  return command;
}

std::optional<std::vector<std::pair<std::string, std::string>>> read_env(const Value& value) {
  const auto object = Object::of(value, R"({"NAME": "value"})");
  if (!object) return std::nullopt;
  std::vector<std::pair<std::string, std::string>> env;
  for (const Value& member : object->members()) {
    const std::string& name = member.node().key;
    if (name.empty() || name.find_first_of(std::string_view("=\0", 2)) != std::string::npos) {
      member.key_mistake(
          fmt::format("{} cannot be the name of a variable, which has no = and is "
                      "not empty",
                      quoted(name)));
    }
    if (auto text = member.text("the value of a variable", {})) {
      env.emplace_back(name, *std::move(text));
    }
  }
  return env;
}

std::optional<std::string> read_user(const Value& value) {
  auto user = value.text("a user", "\"nobody\"");
  if (!user) return std::nullopt;
  const bool bad = std::any_of(user->begin(), user->end(), [](char c) {
    return static_cast<unsigned char>(c) <= ' ' || c == ':' || c == '/' || c == '\x7f';
  });
  if (!user->empty() && !bad) return user;
  value.mistake(
      fmt::format("{} cannot be the name of a user; write one as \"nobody\", or null for "
                  "the agent's own",
                  quoted(*user)));
  return std::nullopt;
}

std::optional<std::chrono::seconds> read_cpu_time(const Value& value) {
  const auto time = duration(value, kCpuTime);
  if (!time) return std::nullopt;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(*time);
  if (seconds == *time) return seconds;
  value.mistake(fmt::format("{} is not a whole number of seconds, which is what the kernel counts",
                            value.found()));
  return std::nullopt;
}

std::optional<IoPriority> read_ionice(const Value& value) {
  constexpr std::string_view kBestEffort = "best-effort";
  const auto text = value.text("a class of I/O", "\"idle\"");
  if (!text) return std::nullopt;
  if (*text == "idle") return IoPriority{.idle = true};
  if (*text == kBestEffort) return IoPriority{};
  const bool has_level = text->starts_with(kBestEffort) && text->size() == kBestEffort.size() + 2 &&
                         text->at(kBestEffort.size()) == ':';
  if (has_level && text->back() >= '0' && text->back() <= '7') {
    return IoPriority{.level = text->back() - '0'};
  }
  value.mistake(
      fmt::format("{} is no class of I/O that a collector can have; write \"idle\", or "
                  "\"best-effort:N\" with N from 0, the first, to 7",
                  quoted(*text)));
  return std::nullopt;
}

void read_times(Object& object, Collector& collector) {
  object.set("interval", collector.interval,
             [](const Value& at) { return duration(at, kInterval); });
  collector.timeout = collector.interval;
  const auto at = object.find("timeout");
  if (!at) return;
  if (collector.mode == Mode::kFeed) {
    at->key_mistake("a collector of mode \"feed\" has no deadline; remove it");
    return;
  }
  const auto timeout = duration(*at, kTimeout);
  if (!timeout) return;
  if (*timeout > collector.interval) {
    at->mistake(fmt::format("{} is longer than the interval, {}; write that or less", at->found(),
                            base::format_duration(collector.interval)));
    return;
  }
  collector.timeout = *timeout;
}

void read_limits(Object& object, Collector& collector) {
  const auto count = [](const Value& at) { return number(at, 1, kMostSeries); };
  object.set_unless_null("max_memory", collector.max_memory,
                         [](const Value& at) { return size(at, {.least = kLeastMemory}); });
  object.set_unless_null("max_cpu", collector.max_cpu, read_cpu_time);
  object.set_unless_null("max_files", collector.max_files,
                         [](const Value& at) { return number(at, kLeastFiles, kMostFiles); });
  object.set_unless_null("max_processes", collector.max_processes,
                         [](const Value& at) { return number(at, 1, kMostProcesses); });
  object.set("max_series", collector.max_series, count);
  object.set("max_frames", collector.max_frames, count);
  object.set("max_output", collector.max_output,
             [](const Value& at) { return size(at, {.least = kLeastLine}); });
  object.set("max_line", collector.max_line,
             [](const Value& at) { return size(at, {.least = kLeastLine, .most = kMostLine}); });
}

void read_manner(Object& object, Collector& collector) {
  object.set("mode", collector.mode, [](const Value& at) -> std::optional<Mode> {
    const auto index = choice(at, kModeWords);
    return index ? std::optional(static_cast<Mode>(*index)) : std::nullopt;
  });
  object.set("format", collector.format, [](const Value& at) -> std::optional<OutputFormat> {
    const auto index = choice(at, kFormatWords);
    return index ? format_of(kFormatWords.at(*index)) : std::nullopt;
  });
  if (collector.format != OutputFormat::kNagios || collector.mode == Mode::kOneshot) return;
  if (const auto format = object.find("format")) {
    format->mistake(
        "a plugin says what it has found when it ends; write \"mode\": \"oneshot\", or another "
        "format");
  }
}

}  // namespace

std::optional<OutputFormat> format_of(std::string_view word) {
  const auto* const found = std::find(kFormatWords.begin(), kFormatWords.end(), word);
  if (found == kFormatWords.end()) return std::nullopt;
  if (found + 1 == kFormatWords.end()) return OutputFormat::kBolo;
  return static_cast<OutputFormat>(found - kFormatWords.begin());
}

std::optional<Collector> read_collector(const Value& value, std::string_view name,
                                        std::chrono::milliseconds interval, std::string origin) {
  auto object = Object::of(value, R"({"command": ["/opt/x.sh"]})");
  if (!object) return std::nullopt;
  Collector collector{.name = std::string(name),
                      .interval = interval,
                      .timeout = interval,
                      .origin = std::move(origin)};
  if (const auto command = object->find("command")) {
    if (auto words = read_command(*command)) collector.command = *std::move(words);
  } else {
    const Place place =
        value.node().key_place.line == 0 ? value.node().place : value.node().key_place;
    value.context().notes.mistake(
        place, value.path(),
        fmt::format("the command is missing; write \"command\": {}", kCommandExample));
  }
  read_manner(*object, collector);
  read_times(*object, collector);
  object->set("env", collector.env, read_env);
  object->set_unless_null("user", collector.user, read_user);
  object->set("nice", collector.nice, [](const Value& at) -> std::optional<int> {
    const auto nice = number(at, 0, kMostNice);
    return nice ? std::optional(static_cast<int>(*nice)) : std::nullopt;
  });
  object->set_unless_null("ionice", collector.ionice, read_ionice);
  read_limits(*object, collector);
  object->set("expose", collector.expose, boolean);
  object->set("enabled", collector.enabled, boolean);
  object->finish();
  return collector;
}

LoadedCollector parse_collector(std::string_view text, const std::string& file,
                                std::string_view name, std::chrono::milliseconds interval,
                                const Surroundings& surroundings) {
  Notes notes(file);
  LoadedCollector loaded;
  if (!is_name(name)) {
    notes.mistake({}, {},
                  fmt::format("{} cannot be the name of a collector; call the file by "
                              "another: {}",
                              quoted(name), kNameRule));
  }
  if (const auto root = parse_json(text, notes)) {
    Context context{notes, surroundings};
    loaded.collector = read_collector(Value(context, *root, {}), name, interval, file);
  }
  if (!notes.good()) loaded.collector.reset();
  loaded.mistakes = notes.take_mistakes();
  loaded.warnings = notes.take_warnings();
  return loaded;
}

LoadedCollector load_collector(const std::string& file, std::string_view name,
                               std::chrono::milliseconds interval,
                               const Surroundings& surroundings) {
  const auto text = surroundings.read_file(file);
  if (text) return parse_collector(*text, file, name, interval, surroundings);
  Notes notes(file);
  notes.unreadable(text.error().text);
  return {.mistakes = notes.take_mistakes()};
}

Collector plain_collector(const std::string& file, std::string_view name,
                          std::chrono::milliseconds interval) {
  return {.name = std::string(name),
          .command = {file},
          .interval = interval,
          .timeout = interval,
          .origin = file};
}

}  // namespace lariat::config
