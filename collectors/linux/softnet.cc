#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "collectors/linux/all.h"
#include "collectors/linux/fault.h"
#include "collectors/sdk/scan.h"

namespace lariat::host {
namespace {

// The first columns of each line, in hexadecimal. A line is a CPU that is online.
constexpr std::array<std::string_view, 3> kMetrics = {"node_softnet_processed_total",
                                                      "node_softnet_dropped_total",
                                                      "node_softnet_times_squeezed_total"};

class SoftnetSource : public sdk::Source {
 public:
  explicit SoftnetSource(sdk::Host& host) : host_(host) {}

  std::string collect(sdk::Answer& answer) override {
    std::string error;
    const auto content = host_.read_proc("net/softnet_stat", error, sdk::ProcFile::Shape::kRecords);
    if (!content) return error;
    std::string_view rest = *content;
    std::string_view line;
    for (std::size_t cpu = 0; sdk::take_line(rest, line); ++cpu) {
      if (tags_.size() <= cpu) tags_.push_back(sdk::Tags{{"cpu", std::to_string(cpu)}});
      for (const std::string_view metric : kMetrics) {
        const auto value = sdk::parse_hexadecimal(sdk::take_word(line));
        if (!value) return not_understood("/proc/net/softnet_stat", line);
        answer.delta(metric, static_cast<double>(*value), tags_[cpu].text());
      }
    }
    return {};
  }

 private:
  sdk::Host& host_;
  std::vector<sdk::Tags> tags_;
};

}  // namespace

std::unique_ptr<sdk::Source> make_softnet(sdk::Host& host) {
  return std::make_unique<SoftnetSource>(host);
}

}  // namespace lariat::host
