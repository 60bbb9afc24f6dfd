#include <optional>
#include <string>

#include "collectors/hostinfo/all.h"
#include "collectors/hostinfo/parse.h"

namespace lariat::hostinfo {
namespace {

class HardwareSource : public sdk::Source {
 public:
  // /proc/cpuinfo is dear on a large machine, and what we read there does not change.
  explicit HardwareSource(sdk::Host& host) : host_(host) {
    const auto cpuinfo = sdk::read_file(host.paths().proc + "/cpuinfo");
    if (cpuinfo) model_ = cpu_model(*cpuinfo);
  }

  std::string collect(sdk::Answer& answer) override {
    if (model_) answer.fact("host_cpu_model", *model_);
    const auto online = sdk::read_file(host_.paths().sys + "/devices/system/cpu/online");
    if (const std::size_t count = online ? count_cpus(*online) : 0; count > 0) {
      answer.fact("host_cpu_count", std::to_string(count));
    }
    std::string error;
    const auto meminfo = host_.read_proc("meminfo", error, sdk::ProcFile::Shape::kWhole);
    if (!meminfo) return error;
    const auto total = memory_total(*meminfo);
    if (!total) return "/proc/meminfo has no MemTotal";
    answer.fact("host_memory_total_bytes", std::to_string(*total));
    return {};
  }

 private:
  sdk::Host& host_;
  std::optional<std::string> model_;
};

}  // namespace

std::unique_ptr<sdk::Source> make_hardware(sdk::Host& host) {
  return std::make_unique<HardwareSource>(host);
}

}  // namespace lariat::hostinfo
