#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/app/collector_files.h"
#include "agent/app/commands.h"
#include "agent/app/config_choice.h"

namespace lariat::app {
namespace {

struct CheckOptions {
  std::string config;
  bool print = false;
};

std::string counted(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

template <typename T>
void append(std::vector<T> from, std::vector<T>& to) {
  std::move(from.begin(), from.end(), std::back_inserter(to));
}

/// All that there is to say.
struct Findings {
  config::Loaded loaded;
  std::size_t collectors = 0;
};

Findings look(const std::string& file, const config::Surroundings& surroundings) {
  Findings findings{.loaded = load_choice(file, surroundings)};
  auto& [config, mistakes, warnings] = findings.loaded;
  if (!config) return findings;
  auto files = read_collector_files(*config, surroundings);
  append(std::move(files.mistakes), mistakes);
  append(std::move(files.warnings), warnings);
  append(missing_programs(config->run), warnings);
  append(missing_programs(files.collectors), warnings);
  findings.collectors = config->run.size() + config->schedule.size() + files.collectors.size();
  return findings;
}

std::string good_line(const std::string& file, const Findings& findings) {
  const std::string subject =
      file.empty() ? fmt::format("{} is not there; the built-in default", kStandardConfig) : file;
  const auto& [config, mistakes, warnings] = findings.loaded;
  auto line =
      fmt::format("{} is good: {}, {}", subject, counted(config->endpoints.size(), "endpoint"),
                  counted(findings.collectors, "collector"));
  if (!warnings.empty()) line += fmt::format("; {}", counted(warnings.size(), "warning"));
  return line + '\n';
}

int check(const CheckOptions& options) {
  const auto surroundings = config::real_surroundings();
  const std::string file = choose_config(options.config);
  const Findings findings = look(file, surroundings);
  const auto& [config, mistakes, warnings] = findings.loaded;
  std::fputs(as_lines(mistakes, warnings).c_str(), stderr);
  if (config && options.print) std::fputs(config::print(*config).c_str(), stdout);
  if (!mistakes.empty()) {
    const auto summary = fmt::format("lariat check: {}, {}\n", counted(mistakes.size(), "mistake"),
                                     counted(warnings.size(), "warning"));
    std::fputs(summary.c_str(), stderr);
  } else {
    // Standard output is the configuration alone if it is asked for.
    std::fputs(good_line(file, findings).c_str(), options.print ? stderr : stdout);
  }
  const bool written = std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
  if (!mistakes.empty()) return kBadConfig;
  return written ? kGood : kFailed;
}

}  // namespace

void add_check(CLI::App& app, Run& run) {
  auto options = std::make_shared<CheckOptions>();
  auto* command = app.add_subcommand(
      "check", "every mistake in a configuration, with where it is and what to write instead");
  add_config_option(*command, options->config);
  command->add_flag("--print", options->print, "print the configuration as it takes effect");
  command->callback([options, &run] { run = [options] { return check(*options); }; });
}

}  // namespace lariat::app
