#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "collectors/linux/all.h"
#include "collectors/linux/cpu_throttles.h"
#include "collectors/linux/round_cache.h"
#include "collectors/sdk/scan.h"

namespace lariat::host {
namespace {

constexpr std::array<std::string_view, 8> kModes = {"user",   "nice", "system",  "idle",
                                                    "iowait", "irq",  "softirq", "steal"};
constexpr std::size_t kIdle = 3;
constexpr std::size_t kModeCount = kModes.size();
// Behind the modes stand guest and guest_nice, which older kernels lack.
constexpr std::array<std::string_view, 2> kGuestModes = {"user", "nice"};
constexpr std::size_t kFieldCount = kModes.size() + kGuestModes.size();

// Idle time may go back a little (the kernel estimates it); by more than this, the CPU was away.
constexpr std::uint64_t kJumpSeconds = 3;

using Ticks = std::array<std::uint64_t, kFieldCount>;

struct Cpu {
  std::array<std::string, kFieldCount> tags;
  Ticks ticks{};
};

Cpu make(std::string_view number) {
  Cpu cpu;
  for (std::size_t i = 0; i < kFieldCount; ++i) {
    const std::string_view mode = i < kModeCount ? kModes[i] : kGuestModes[i - kModeCount];
    cpu.tags[i] = sdk::Tags{{"cpu", number}, {"mode", mode}}.text();
  }
  return cpu;
}

class CpuSource : public sdk::Source {
 public:
  explicit CpuSource(sdk::Host& host) : host_(host), throttles_(host.paths()) {}

  std::string collect(sdk::Answer& answer) override {
    std::string error;
    const auto stat = host_.read_proc("stat", error, sdk::ProcFile::Shape::kWhole);
    if (!stat) return error;
    std::string_view rest = *stat;
    std::string_view line;
    cpus_.begin();
    while (sdk::take_line(rest, line)) {
      if (!line.starts_with("cpu")) continue;
      if (!take_cpu(line, answer))
        return "/proc/stat has a line that is not understood: " + std::string(line.substr(0, 80));
    }
    const bool changed = cpus_.end();
    if (cpus_.size() == 0) return "/proc/stat has no CPU";
    throttles_.collect(changed, answer);
    return {};
  }

 private:
  // `cpu0 TICKS…`: the sum of all, `cpu`, is left out.
  bool take_cpu(std::string_view line, sdk::Answer& answer) {
    const std::string_view number = sdk::take_word(line).substr(3);
    if (number.empty()) return true;
    if (!sdk::parse<std::uint32_t>(number)) return false;
    Ticks ticks{};
    std::size_t fields = 0;
    for (std::string_view word; fields < kFieldCount && !(word = sdk::take_word(line)).empty();) {
      const auto value = sdk::parse<std::uint64_t>(word);
      if (!value) return false;
      ticks[fields++] = *value;
    }
    if (fields == 0) return false;
    Cpu& cpu = cpus_.at(number, make);
    keep_the_later(cpu.ticks, ticks);
    for (std::size_t i = 0; i < kFieldCount; ++i) {
      answer.delta(i < kModeCount ? "node_cpu_seconds_total" : "node_cpu_guest_seconds_total",
                   static_cast<double>(cpu.ticks[i]) / hertz_, cpu.tags[i]);
    }
    return true;
  }

  // None goes back, as counters do not; but all begin anew once a CPU was away.
  void keep_the_later(Ticks& kept, const Ticks& now) const noexcept {
    if (now[kIdle] < kept[kIdle] &&
        static_cast<double>(kept[kIdle] - now[kIdle]) >= kJumpSeconds * hertz_) {
      kept = now;
      return;
    }
    std::ranges::transform(kept, now, kept.begin(),
                           [](std::uint64_t a, std::uint64_t b) { return std::max(a, b); });
  }

  sdk::Host& host_;
  CpuThrottles throttles_;
  RoundCache<Cpu> cpus_;
  double hertz_ = static_cast<double>(std::max(::sysconf(_SC_CLK_TCK), 1L));
};

}  // namespace

std::unique_ptr<sdk::Source> make_cpu(sdk::Host& host) { return std::make_unique<CpuSource>(host); }

}  // namespace lariat::host
