#include <cstdint>
#include <string>

#include "collectors/linux/all.h"
#include "collectors/linux/device_names.h"
#include "collectors/linux/fault.h"
#include "collectors/linux/round_cache.h"
#include "collectors/sdk/scan.h"

namespace lariat::host {
namespace {

class VmstatSource : public sdk::Source {
 public:
  explicit VmstatSource(sdk::Host& host) : host_(host) {}

  std::string collect(sdk::Answer& answer) override {
    std::string error;
    const auto content = host_.read_proc("vmstat", error, sdk::ProcFile::Shape::kRecords);
    if (!content) return error;
    std::string_view rest = *content;
    std::string_view line;
    metrics_.begin();
    while (sdk::take_line(rest, line)) {
      if (!is_told_vmstat(line)) continue;
      std::string_view words = line;
      const std::string_view key = sdk::take_word(words);
      const auto value = sdk::parse<std::uint64_t>(sdk::take_word(words));
      if (!value) return not_understood("/proc/vmstat", line);
      const std::string& metric =
          metrics_.at(key, [](std::string_view of) { return "node_vmstat_" + std::string(of); });
      answer.delta(metric, static_cast<double>(*value));
    }
    metrics_.end();
    return {};
  }

 private:
  sdk::Host& host_;
  RoundCache<std::string> metrics_;
};

}  // namespace

std::unique_ptr<sdk::Source> make_vmstat(sdk::Host& host) {
  return std::make_unique<VmstatSource>(host);
}

}  // namespace lariat::host
