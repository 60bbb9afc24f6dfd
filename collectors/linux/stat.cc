#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include "collectors/linux/all.h"
#include "collectors/sdk/scan.h"

namespace lariat::host {
namespace {

struct Line {
  std::string_view key;
  std::string_view metric;
  bool counter;
};

// Behind `intr` follow the counts of each interrupt, which are not read.
constexpr std::array kLines = {
    Line{"intr", "node_intr_total", true},
    Line{"ctxt", "node_context_switches_total", true},
    Line{"btime", "node_boot_time_seconds", false},
    Line{"processes", "node_forks_total", true},
    Line{"procs_running", "node_procs_running", false},
    Line{"procs_blocked", "node_procs_blocked", false},
};

class StatSource : public sdk::Source {
 public:
  explicit StatSource(sdk::Host& host) : host_(host) {}

  // What a kernel does not tell (the oldest have no `procs_running`) is 0, as for node_exporter.
  std::string collect(sdk::Answer& answer) override {
    std::string error;
    const auto content = host_.read_proc("stat", error, sdk::ProcFile::Shape::kWhole);
    if (!content) return error;
    std::string_view rest = *content;
    std::string_view line;
    std::array<std::uint64_t, kLines.size()> values{};
    bool any = false;
    while (sdk::take_line(rest, line)) {
      const std::string_view key = sdk::take_word(line);
      const auto* const found = std::ranges::find(kLines, key, &Line::key);
      if (found == kLines.end()) continue;
      const auto value = sdk::parse<std::uint64_t>(sdk::take_word(line));
      if (!value) return "/proc/stat has no number behind " + std::string(key);
      values[static_cast<std::size_t>(found - kLines.begin())] = *value;
      any = true;
    }
    if (!any) return "/proc/stat has none of the expected lines";
    for (std::size_t i = 0; i < kLines.size(); ++i) {
      const auto value = static_cast<double>(values[i]);
      kLines[i].counter ? answer.delta(kLines[i].metric, value)
                        : answer.sample(kLines[i].metric, value);
    }
    return {};
  }

 private:
  sdk::Host& host_;
};

}  // namespace

std::unique_ptr<sdk::Source> make_stat(sdk::Host& host) {
  return std::make_unique<StatSource>(host);
}

}  // namespace lariat::host
