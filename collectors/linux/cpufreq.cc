#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "collectors/linux/all.h"
#include "collectors/linux/device_files.h"
#include "collectors/linux/round_cache.h"
#include "collectors/sdk/scan.h"

namespace lariat::host {
namespace {

constexpr double kKilohertz = 1000;

constexpr std::array kNumbers = {
    NumberFiles::Column{"cpuinfo_cur_freq", "node_cpu_frequency_hertz", 1, kKilohertz},
    NumberFiles::Column{"cpuinfo_min_freq", "node_cpu_frequency_min_hertz", 1, kKilohertz},
    NumberFiles::Column{"cpuinfo_max_freq", "node_cpu_frequency_max_hertz", 1, kKilohertz},
    NumberFiles::Column{"scaling_cur_freq", "node_cpu_scaling_frequency_hertz", 1, kKilohertz},
    NumberFiles::Column{"scaling_min_freq", "node_cpu_scaling_frequency_min_hertz", 1, kKilohertz},
    NumberFiles::Column{"scaling_max_freq", "node_cpu_scaling_frequency_max_hertz", 1, kKilohertz},
};

struct Cpu {
  sdk::Tags tags;
  NumberFiles numbers;
};

class CpufreqSource : public sdk::Source {
 public:
  explicit CpufreqSource(sdk::Host& host)
      : host_(host), folder_(host.paths().sys + "/devices/system/cpu") {}

  std::string collect(sdk::Answer& answer) override {
    cpus_.begin();
    const bool good = folder_.list([this, &answer](std::string_view name) {
      constexpr std::string_view kCpu = "cpu";
      if (!name.starts_with(kCpu) || !sdk::parse<std::uint32_t>(name.substr(kCpu.size()))) return;
      Cpu& cpu = cpus_.at(name, [this](std::string_view of) { return make(of); });
      cpu.numbers.put(answer, cpu.tags.text());
    });
    cpus_.end();
    return good ? std::string() : folder_.error();
  }

 private:
  [[nodiscard]] Cpu make(std::string_view name) const {
    return {sdk::Tags{{"cpu", name.substr(3)}},
            NumberFiles(folder_.path() + '/' + std::string(name) + "/cpufreq", kNumbers, host_)};
  }

  sdk::Host& host_;
  sdk::Folder folder_;
  RoundCache<Cpu> cpus_;
};

}  // namespace

std::unique_ptr<sdk::Source> make_cpufreq(sdk::Host& host) {
  return std::make_unique<CpufreqSource>(host);
}

}  // namespace lariat::host
