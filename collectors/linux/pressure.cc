#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "collectors/linux/all.h"
#include "collectors/linux/fault.h"
#include "collectors/sdk/scan.h"

namespace lariat::host {
namespace {

struct Resource {
  std::string_view file;
  std::string_view waiting;  // Some task waits for it.
  std::string_view stalled;  // All do; of the CPU that is not told.
};
constexpr std::array kResources = {
    Resource{"cpu", "node_pressure_cpu_waiting_seconds_total", {}},
    Resource{"io", "node_pressure_io_waiting_seconds_total",
             "node_pressure_io_stalled_seconds_total"},
    Resource{"memory", "node_pressure_memory_waiting_seconds_total",
             "node_pressure_memory_stalled_seconds_total"},
};
constexpr double kMicrosecondsASecond = 1e6;

// `some avg10=0.00 avg60=0.00 avg300=0.00 total=0`, and the same of `full`.
std::optional<double> total_of(std::string_view text, std::string_view kind) {
  constexpr std::string_view kTotal = "total=";
  std::string_view line;
  while (sdk::take_line(text, line)) {
    if (sdk::take_word(line) != kind) continue;
    for (std::string_view word; !(word = sdk::take_word(line)).empty();) {
      if (!word.starts_with(kTotal)) continue;
      const auto total = sdk::parse<std::uint64_t>(word.substr(kTotal.size()));
      if (total) return static_cast<double>(*total) / kMicrosecondsASecond;
    }
  }
  return std::nullopt;
}

class PressureSource : public sdk::Source {
 public:
  explicit PressureSource(sdk::Host& host) {
    for (const Resource& resource : kResources) {
      files_.emplace_back(host.paths().proc + "/pressure/" + std::string(resource.file),
                          host.descriptors());
    }
  }

  std::string collect(sdk::Answer& answer) override {
    for (std::size_t i = 0; i < kResources.size(); ++i) {
      std::array<char, 512> room;
      const auto text = files_[i].read(room);
      // Where the kernel was started without it, the files are there and refuse.
      if (!text)
        return files_[i].is_absent() || files_[i].is_unsupported() ? not_here() : files_[i].error();
      if (!put(*text, kResources[i], answer)) {
        return not_understood("/proc/pressure/" + std::string(kResources[i].file), *text);
      }
    }
    return {};
  }

 private:
  static bool put(std::string_view text, const Resource& resource, sdk::Answer& answer) {
    const auto some = total_of(text, "some");
    if (!some) return false;
    answer.delta(resource.waiting, *some);
    if (resource.stalled.empty()) return true;
    const auto full = total_of(text, "full");
    if (!full) return false;
    answer.delta(resource.stalled, *full);
    return true;
  }

  std::vector<sdk::SysFile> files_;
};

}  // namespace

std::unique_ptr<sdk::Source> make_pressure(sdk::Host& host) {
  return std::make_unique<PressureSource>(host);
}

}  // namespace lariat::host
