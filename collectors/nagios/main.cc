#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/nagios/plugin_run.h"
#include "collectors/sdk/answer.h"
#include "collectors/sdk/options.h"
#include "collectors/sdk/program.h"
#include "collectors/sdk/ticks.h"
#include "proto/nagios_output.h"
#include "proto/qname.h"
#include "proto/series_name.h"

namespace {

using lariat::proto::Payload;
using lariat::proto::Reason;
using lariat::proto::Record;
using lariat::sdk::Answer;
using std::chrono::milliseconds;

constexpr std::string_view kProgram = "nagios";
constexpr int kWrongUse = 2;

struct Settings {
  std::string name;
  milliseconds timeout{45'000};
  bool text = false;
  bool help = false;
};

std::string take_timeout(std::string_view text, milliseconds& timeout) {
  std::string_view number = text;
  long factor = 1000;
  if (number.ends_with("ms")) {
    number.remove_suffix(2);
    factor = 1;
  } else if (number.ends_with('s') || number.ends_with('m')) {
    factor = number.back() == 's' ? 1000 : 60'000;
    number.remove_suffix(1);
  }
  long count = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), count);
  constexpr long kDay = 86'400'000;
  const bool good = error == std::errc{} && end == number.data() + number.size() && count > 0;
  if (!good || count > kDay / factor) {
    return "'" + std::string(text) + "' is no time of up to a day: write 45s, 500ms or 2m";
  }
  timeout = milliseconds(count * factor);
  return {};
}

// As a name on a collector's pipe has them; nothing if they are not good.
std::optional<std::string> canonical_tags(std::string_view tags) {
  if (tags.empty()) return std::string();
  std::array<char, lariat::proto::kMaxNameLength> room;
  const std::string name = "m " + std::string(tags);
  const auto full = lariat::proto::canonical(name, room);
  if (!full || lariat::proto::has_wildcard(full.name)) return std::nullopt;
  return std::string(lariat::proto::tags_of(full.name));
}

bool is_name(std::string_view name) {
  const std::string_view metric = name.substr(0, name.find(' '));
  const auto tags = canonical_tags(name.substr(std::min(metric.size() + 1, name.size())));
  if (metric.empty() || metric.find_first_of("=*") != metric.npos || !tags) return false;
  lariat::proto::SeriesName series;
  series.put_metric(metric);
  series.put_spelled_tags(*tags);
  Record record;
  return series.name(record) == Reason::kNone;
}

std::vector<lariat::sdk::Option> options_of(Settings& settings) {
  const auto flag = [](bool& set) {
    return [&set](std::string_view) {
      set = true;
      return std::string();
    };
  };
  return {{"--name", "NAME", "what the check is called, tags too: 'disk mount=/'",
           [&settings](std::string_view name) {
             settings.name = name;
             return std::string(
                 is_name(name) ? "" : "'--name' is no name: write 'disk mount=/' or 'disk'");
           }},
          {"--timeout", "TIME", "after which the plugin and its group are ended (default 45s)",
           [&settings](std::string_view text) { return take_timeout(text, settings.timeout); }},
          {"--text", {}, "lines, not binary messages, as on a terminal", flag(settings.text)},
          {"--help", {}, "this text", flag(settings.help)}};
}

// The agent says how often it runs us, in seconds.
std::uint32_t interval_milliseconds() {
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint32_t>::max() / 1000;
  const char* text = std::getenv("LARIAT_INTERVAL");
  const auto seconds = lariat::proto::parse_count(text == nullptr ? "" : text);
  return seconds && *seconds <= kMost ? static_cast<std::uint32_t>(*seconds * 1000) : 0;
}

Reason put(const Record& record, Answer& answer) {
  const auto tags = canonical_tags(record.tags);
  if (!tags) return Reason::kBadName;
  const auto refused = answer.refused();
  if (record.kind == Payload::kState) {
    answer.state(record.name, record.status, record.text.value_or(""), *tags,
                 interval_milliseconds());
  } else if (record.kind == Payload::kDelta) {
    answer.delta(record.name, record.value, *tags);
  } else {
    answer.sample(record.name, record.value, *tags);
  }
  if (answer.refused() == refused) return Reason::kNone;
  return std::isfinite(record.value) ? Reason::kBadName : Reason::kBadNumber;
}

// Of a line that is too long only what stands before its performance data is whole.
bool take(const lariat::proto::LineSplitter::Line& line, lariat::proto::NagiosOutput& output) {
  if (line.text.find('\0') != line.text.npos) {
    lariat::sdk::complain(kProgram, "left out (nul): a line with a NUL");
    return true;
  }
  if (!line.too_long) return output.take(line.text);
  (void)output.take(line.text.substr(0, line.text.find('|')));
  return false;
}

bool write_out(const Answer& answer, bool text) {
  if (!text) return lariat::sdk::write_all(STDOUT_FILENO, answer.bytes());
  std::string lines;
  lariat::sdk::print(answer, lines);
  return lariat::sdk::write_all(STDOUT_FILENO, std::as_bytes(std::span(lines)));
}

int run(const Settings& settings, char* const* command) {
  lariat::proto::NagiosOutput output(settings.name);
  bool cut = false;
  const auto end = lariat::nagios::run_plugin(
      command, settings.timeout,
      [&](const lariat::proto::LineSplitter::Line& line) { cut = !take(line, output) || cut; });
  if (cut) lariat::sdk::complain(kProgram, "the plugin printed more than is read: 64 KiB");

  Answer answer;
  answer.begin(static_cast<std::uint64_t>(std::time(nullptr)));
  lariat::proto::SeriesName name;
  output.finish(
      end, answer.time(), name, [&answer](const Record& record) { return put(record, answer); },
      [](Reason reason, std::string_view excerpt) {
        lariat::sdk::complain(kProgram, "left out (" + std::string(to_string(reason)) +
                                            "): " + std::string(excerpt.substr(0, 200)));
      });
  answer.end();
  return write_out(answer, settings.text || ::isatty(STDOUT_FILENO) == 1) ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  const auto words = lariat::sdk::arguments_of(argc, argv);
  const auto dashes =
      std::ranges::find_if(words, [](std::string_view word) { return word == "--"; });
  const auto own = static_cast<std::size_t>(dashes - words.begin());
  Settings settings;
  const auto options = options_of(settings);
  std::string fault = lariat::sdk::parse_options(words.first(own), options);
  if (settings.help && fault.empty()) {
    const std::string usage =
        "nagios: runs a plugin of Nagios' kind, and says what it found as a STATE and SAMPLEs\n\n"
        "nagios [OPTION…] -- PLUGIN [ARGUMENT…]\n\n" +
        lariat::sdk::describe(options);
    return lariat::sdk::write_all(STDOUT_FILENO, std::as_bytes(std::span(usage))) ? 0 : 1;
  }
  if (fault.empty() && own + 1 >= words.size()) {
    fault = "which plugin? write: nagios [OPTION…] -- PLUGIN [ARGUMENT…]";
  }
  if (!fault.empty()) {
    lariat::sdk::complain(kProgram, fault);
    return kWrongUse;
  }
  char* const* const command = argv + own + 2;
  if (settings.name.empty()) {
    settings.name = command[0];
    settings.name.erase(0, settings.name.rfind('/') + 1);
  }
  return run(settings, command);
}
