#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/sdk/program.h"
#include "collectors/systemd/bus.h"
#include "collectors/systemd/units.h"

namespace {

namespace sdk = lariat::sdk;
namespace systemd = lariat::systemd;

struct Options {
  systemd::Choice choice;
  std::string peer;
};

sdk::Option flag(std::string_view name, bool& set, std::string_view help) {
  return {name, {}, help, [&set](std::string_view) {
            set = true;
            return std::string();
          }};
}

sdk::Option pattern(std::string_view name, sdk::Pattern& pattern, std::string_view help) {
  return {name, "REGEX", help, [&pattern](std::string_view text) {
            return pattern.set("^(" + std::string(text) + ")$");
          }};
}

std::vector<sdk::Option> describe(Options& options) {
  return {
      pattern("--unit-include", options.choice.include, "units with such a name; all unless given"),
      pattern("--unit-exclude", options.choice.exclude,
              "no units with such a name; .+\\.(automount|device|mount|scope|slice) unless given"),
      flag("--restarts", options.choice.restarts, "tell how often services were started again"),
      flag("--start-times", options.choice.start_times, "tell since when units are active"),
      {"--peer", "PATH",
       "systemd's own socket, /run/systemd/private, in place of the system's bus; for root",
       [&options](std::string_view path) {
         options.peer = path;
         return std::string();
       }}};
}

/// The program: each change from well to ill and back is told once.
class Systemd {
 public:
  Systemd(const sdk::Program& program, const Options& options)
      : program_(program), manager_(options.peer), units_(manager_, options.choice) {}

  void collect(sdk::Answer& answer) {
    const auto begin = std::chrono::steady_clock::now();
    const sdk::Answer::Mark mark = answer.mark();
    const std::string fault = units_.put(answer);
    if (!fault.empty()) answer.roll_back(mark);
    if (fault.empty() == failing_) {
      failing_ = !failing_;
      sdk::complain(program_.name, failing_ ? fault : "systemd answers again");
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    answer.sample("node_scrape_collector_duration_seconds", took.count(), tags_.text());
    answer.sample("node_scrape_collector_success", fault.empty() ? 1 : 0, tags_.text());
  }

 private:
  const sdk::Program& program_;
  sdk::Tags tags_{{"collector", "systemd"}};
  systemd::Manager manager_;
  systemd::Units units_;
  bool failing_ = false;
};

}  // namespace

int main(int argc, char** argv) {
  const sdk::Program program{"systemd", "the state of systemd's units, by node_exporter's names"};
  Options options;
  std::optional<Systemd> collector;
  const auto own = describe(options);
  return sdk::run(
      sdk::arguments_of(argc, argv), program,
      [&collector](sdk::Answer& answer) { collector->collect(answer); }, own,
      [&] {
        constexpr const char* kUsual = "^(.+\\.(automount|device|mount|scope|slice))$";
        std::string fault;
        if (!options.choice.exclude.is_set()) fault = options.choice.exclude.set(kUsual);
        if (!fault.empty()) sdk::complain(program.name, fault);
        collector.emplace(program, options);
        return fault.empty() ? -1 : 1;
      });
}
