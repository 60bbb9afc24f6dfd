#include <fmt/format.h>
#include <signal.h>
#include <sys/time.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

#include "agent/app/collect_report.h"
#include "agent/app/commands.h"
#include "agent/app/config_choice.h"
#include "agent/app/describe.h"
#include "agent/base/log.h"
#include "agent/base/units.h"
#include "agent/collect/collector.h"
#include "agent/collect/error_lines.h"
#include "agent/collect/frame_sink.h"
#include "agent/collect/reaper.h"
#include "agent/collect/supervision.h"
#include "agent/collect/trust.h"
#include "agent/collect/wanted.h"
#include "agent/config/collector.h"
#include "agent/config/collectors.h"
#include "agent/config/load.h"
#include "agent/loop/loop.h"
#include "agent/loop/signal.h"
#include "agent/loop/timer.h"
#include "proto/print.h"

namespace lariat::app {
namespace {

constexpr const char* kSelf = "/proc/self/exe";

struct CollectOptions {
  std::string config;
  std::string mode;
  std::string format;
  std::string timeout;
  std::string interval;
  std::vector<std::string> words;
};

class Printer final : public collect::FrameSink {
 public:
  explicit Printer(const proto::DefaultTags& tags) : report_(tags) {}

  [[nodiscard]] const CollectReport& report() const noexcept { return report_; }
  bool take(std::span<const std::byte> frame, const collect::FrameOrigin& /*origin*/) override {
    line_.clear();
    proto::print_line(proto::MessageView(frame), line_);
    line_ += '\n';
    std::fwrite(line_.data(), 1, line_.size(), stdout);
    report_.take(proto::MessageView(frame));
    return true;
  }

 private:
  std::string line_;
  CollectReport report_;
};

/// One run of one collector, as the agent would do it: of a stream one answer, of a feed what it
/// prints in one interval.
class CollectOnce {
 public:
  /// Borrows `config`.
  CollectOnce(const config::Config& config, config::Collector collector)
      : lines_([](base::Level, std::string_view) {}),  // What it would log is said in other words.
        printer_(config.tags),
        reaper_(loop_),
        supervision_{.loop = loop_,
                     .lines = lines_,
                     .sink = printer_,
                     .tags = config.tags,
                     .reaper = reaper_,
                     .exec_program = kSelf,
                     .control_socket = config.control_socket,
                     .room = room_,
                     .on_refused = tell_refused,
                     .on_errors = pass_on},
        collector_(supervision_, std::move(collector), 1,
                   {.on_run = [this] { ran(); }, .on_gone = [this] { loop_.stop(); }}),
        enough_(loop_, [this]() noexcept { collector_.retire(); }),
        interrupt_(loop_, SIGINT, [this]() noexcept { interrupted(); }),
        terminate_(loop_, SIGTERM, [this]() noexcept { interrupted(); }) {}

  /// The command's exit status.
  int run() {
    collector_.start();
    if (collector_.description().mode == config::Mode::kFeed && !collector_.retired()) {
      enough_.start(collector_.description().interval);
    }
    if (!collector_.gone()) loop_.run();
    const bool written = std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
    summarize();
    if (!written) std::fputs("not all frames could be written to standard output\n", stderr);
    return collector_.state().healthy && !interrupted_ && written ? kGood : kFailed;
  }

 private:
  static void tell_refused(proto::Reason reason, std::string_view excerpt) {
    std::fputs(
        fmt::format("rejected ({}): {}\n", to_string(reason), collect::printable(excerpt)).c_str(),
        stderr);
  }
  static void pass_on(std::span<const std::byte> octets) {
    std::fwrite(octets.data(), 1, octets.size(), stderr);
  }

  void ran() {
    enough_.stop();
    collector_.retire();
  }
  void interrupted() {
    interrupted_ = true;
    collector_.retire();
  }

  void summarize() const {
    const auto state = collector_.state();
    std::string line =
        fmt::format("{}: {}; {} frames, {} rejected, {} series, format {}", state.name,
                    state.healthy ? "good" : state.last_error, state.frames, state.rejected,
                    printer_.report().series(), format_words());
    if (state.last_duration) {
      line += fmt::format(", took {}", base::format_duration(*state.last_duration));
    }
    if (const auto& end = collector_.end()) {
      line += fmt::format("; {}, CPU {:.1f} ms", collect::describe_status(end->status),
                          milliseconds(end->usage.ru_utime) + milliseconds(end->usage.ru_stime));
    }
    std::fputs((printer_.report().changes() + line + "\n").c_str(), stderr);
  }
  std::string_view format_words() const {
    const auto format = collector_.intake().format();
    if (format == config::OutputFormat::kAuto) return "not found out";
    return config::kFormatWords.at(static_cast<std::size_t>(format));
  }
  static double milliseconds(const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_usec) / 1e3;
  }

  base::Log lines_;
  std::array<std::byte, 65536> room_;
  Printer printer_;
  loop::Loop loop_;
  collect::Reaper reaper_;
  collect::Supervision supervision_;
  collect::Collector collector_;
  loop::Timer enough_;
  loop::Signal interrupt_;
  loop::Signal terminate_;
  bool interrupted_ = false;
};

// A program by its path, everything else as it is by default.
collect::Wanted program(const std::vector<std::string>& words, std::chrono::milliseconds interval) {
  std::error_code error;
  const std::string file = std::filesystem::absolute(words[0], error).lexically_normal();
  const std::string name = std::filesystem::path(words[0]).stem();
  collect::Wanted wanted{.description = config::plain_collector(file, name, interval)};
  wanted.description.origin = "the command line";
  return wanted;
}

std::optional<base::Error> set_duration(const std::string& text, const char* option,
                                        std::chrono::milliseconds& value) {
  if (text.empty()) return std::nullopt;
  const auto parsed = base::parse_duration(text);
  if (!parsed) return base::Error{fmt::format("{}: {}", option, parsed.error().text)};
  value = *parsed;
  return std::nullopt;
}

std::string names_of(const std::vector<collect::Wanted>& all) {
  std::string names;
  for (const auto& wanted : all) {
    names += (names.empty() ? "" : ", ") + wanted.description.name;
  }
  return names.empty() ? "none" : names;
}

// A collector by its name, as the agent would find it.
std::variant<collect::Wanted, int> named(const std::string& name, const config::Config& config,
                                         const config::Surroundings& surroundings,
                                         const base::Log& log) {
  const auto gathered = gather(config, surroundings, {});
  const auto wanted =
      std::find_if(gathered.wanted.begin(), gathered.wanted.end(),
                   [&name](const auto& other) { return other.description.name == name; });
  if (wanted == gathered.wanted.end()) {
    log.error(fmt::format(
        "there is no collector {} in {}: write one of {}, or a program's path "
        "such as ./{}",
        collect::printable(name), config.file.empty() ? "the built-in default" : config.file,
        names_of(gathered.wanted), collect::printable(name)));
    return kWrongUse;
  }
  if (!wanted->refusal.empty()) {
    log.error(wanted->refusal);
    return kBadConfig;
  }
  return *wanted;
}

// What the options say wins over what is described.
std::optional<base::Error> adjust(const CollectOptions& options, config::Collector& collector) {
  using config::Mode;
  if (!options.mode.empty()) {
    collector.mode = options.mode == "stream" ? Mode::kStream
                     : options.mode == "feed" ? Mode::kFeed
                                              : Mode::kOneshot;
  }
  if (const auto format = config::format_of(options.format)) collector.format = *format;
  if (collector.format == config::OutputFormat::kNagios && collector.mode != Mode::kOneshot) {
    return base::Error{"--format nagios: write --mode oneshot: a plugin ends"};
  }
  if (auto error = set_duration(options.interval, "--interval", collector.interval)) return error;
  if (collector.interval < std::chrono::seconds(1) ||
      collector.interval % std::chrono::seconds(1) != std::chrono::milliseconds(0)) {
    return base::Error{"--interval: write whole seconds, at least 1s"};
  }
  if (!options.interval.empty()) collector.timeout = collector.interval;
  if (auto error = set_duration(options.timeout, "--timeout", collector.timeout)) return error;
  if (collector.timeout <= std::chrono::milliseconds(0)) {
    return base::Error{"--timeout: write more than 0s"};
  }
  return std::nullopt;
}

// Of what the agent would judge before it runs it, the first that it would refuse.
void warn_of_distrust(const collect::Wanted& wanted, const base::Log& log) {
  const auto owners = collect::trusted_owners(kSelf);
  for (const auto& path : {wanted.source, wanted.description.command.front()}) {
    if (path.empty()) continue;
    if (const auto distrust = collect::judge(path, owners)) {
      log.warning("the agent would refuse it: " + distrust.text);
      return;
    }
  }
}

int collect_once(const CollectOptions& options) {
  const base::Log log;
  const auto surroundings = config::real_surroundings();
  const auto loaded = load_choice(choose_config(options.config), surroundings);
  std::fputs(as_lines(loaded.mistakes, loaded.warnings).c_str(), stderr);
  if (!loaded.config) return kBadConfig;
  const auto& config = *loaded.config;
  const auto& words = options.words;
  std::variant<collect::Wanted, int> found = program(words, config.interval);
  if (words.front().find('/') == std::string::npos) {
    found = named(words.front(), config, surroundings, log);
  }
  if (const int* status = std::get_if<int>(&found)) return *status;
  auto& wanted = std::get<collect::Wanted>(found);
  auto& collector = wanted.description;
  collector.command.insert(collector.command.end(), words.begin() + 1, words.end());
  if (const auto error = adjust(options, collector)) {
    log.error(error->text);
    return kWrongUse;
  }
  collector.enabled = true;  // It was asked for.
  warn_of_distrust(wanted, log);
  CollectOnce run(config, collector);
  return run.run();
}

}  // namespace

void add_collect(CLI::App& app, Run& run) {
  auto options = std::make_shared<CollectOptions>();
  auto* command =
      app.add_subcommand("collect", "run one collector once, and print what it reports");
  command->footer(
      "Behind the options: NAME of a collector, or PROGRAM as a path such as ./mine.sh, and its "
      "ARGS.");
  add_config_option(*command, options->config);
  command->add_option("--mode", options->mode, "oneshot, stream or feed")
      ->option_text("MODE")
      ->check(CLI::IsMember({"oneshot", "stream", "feed"}));
  command
      ->add_option(
          "--format", options->format,
          "of its octets: auto, tsdp, bolo, nagios, prometheus, influx, graphite, collectd "
          "or json")
      ->option_text("FORMAT")
      ->check(CLI::IsMember(
          std::vector<std::string>(config::kFormatWords.begin(), config::kFormatWords.end())));
  command->add_option("--timeout", options->timeout, "of its run or answer (default: the interval)")
      ->option_text("TIME");
  command
      ->add_option("--interval", options->interval,
                   "how often it would run (default: as it is configured)")
      ->option_text("TIME");
  // What follows the first word is the program's, whatever it looks like.
  command->prefix_command();
  command->callback([command, options, &run] {
    options->words = command->remaining();
    if (options->words.empty()) {
      throw CLI::RequiredError("NAME or PROGRAM");
    }
    run = [options] { return collect_once(*options); };
  });
}

}  // namespace lariat::app
