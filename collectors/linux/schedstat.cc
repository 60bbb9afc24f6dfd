#include <array>
#include <cstdint>
#include <string>

#include "collectors/linux/all.h"
#include "collectors/linux/fault.h"
#include "collectors/linux/round_cache.h"
#include "collectors/sdk/scan.h"

namespace lariat::host {
namespace {

// Behind six columns that are not told.
constexpr std::size_t kSkipped = 6;
constexpr std::array<std::string_view, 3> kMetrics = {"node_schedstat_running_seconds_total",
                                                      "node_schedstat_waiting_seconds_total",
                                                      "node_schedstat_timeslices_total"};
constexpr std::size_t kTimeslices = 2;
constexpr double kNanosecondsASecond = 1e9;

class SchedstatSource : public sdk::Source {
 public:
  explicit SchedstatSource(sdk::Host& host)
      : file_(host.paths().proc + "/schedstat", sdk::ProcFile::Shape::kRecords) {}

  std::string collect(sdk::Answer& answer) override {
    const auto content = file_.read();
    if (!content) return file_.is_absent() ? not_here() : file_.error();
    std::string_view rest = *content;
    std::string_view line;
    cpus_.begin();
    while (sdk::take_line(rest, line)) {
      if (line.starts_with("cpu") && !take_cpu(line, answer)) {
        return not_understood("/proc/schedstat", line);
      }
    }
    cpus_.end();
    return {};
  }

 private:
  bool take_cpu(std::string_view line, sdk::Answer& answer) {
    const std::string_view number = sdk::take_word(line).substr(3);
    if (!sdk::parse<std::uint32_t>(number)) return false;
    for (std::size_t i = 0; i < kSkipped; ++i) {
      if (sdk::take_word(line).empty()) return false;
    }
    const sdk::Tags& tags = cpus_.at(number, [](std::string_view of) {
      return sdk::Tags{{"cpu", of}};
    });
    for (std::size_t i = 0; i < kMetrics.size(); ++i) {
      const auto value = sdk::parse<std::uint64_t>(sdk::take_word(line));
      if (!value) return false;
      const double unit = i == kTimeslices ? 1 : kNanosecondsASecond;
      answer.delta(kMetrics[i], static_cast<double>(*value) / unit, tags.text());
    }
    return true;
  }

  sdk::ProcFile file_;
  RoundCache<sdk::Tags> cpus_;
};

}  // namespace

std::unique_ptr<sdk::Source> make_schedstat(sdk::Host& host) {
  return std::make_unique<SchedstatSource>(host);
}

}  // namespace lariat::host
