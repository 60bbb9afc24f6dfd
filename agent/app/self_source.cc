#include "agent/app/self_source.h"

#include <array>
#include <chrono>
#include <string_view>

#include "agent/app/version.h"

namespace lariat::app {
namespace {

constexpr std::array<std::string_view, loop::kCallbackKinds> kKinds = {"read",   "write", "timer",
                                                                       "signal", "child", "file"};

double seconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

void SelfSource::report(metrics::Report& report) const {
  using metrics::Metric;
  report.set(Metric::kBuildInfo, 1, {version(), revision()});
  const auto stats = loop_.stats();
  report.set(Metric::kLoopIterationsTotal, static_cast<double>(stats.iterations));
  report.set(Metric::kLoopWakeupsTotal, static_cast<double>(stats.wakeups));
  report.set(Metric::kLoopWakeupsIdleTotal, static_cast<double>(stats.wakeups_idle));
  for (std::size_t kind = 0; kind < kKinds.size(); ++kind) {
    report.set(Metric::kLoopCallbacksTotal, static_cast<double>(stats.callbacks[kind]),
               {kKinds[kind]});
  }
  report.set(Metric::kLoopBusySecondsTotal, seconds(stats.busy));
  report.set(Metric::kLoopWaitSecondsTotal, seconds(stats.wait));
  report.set(Metric::kLoopSpinsTotal, static_cast<double>(stats.spins));
}

}  // namespace lariat::app
