#include <array>
#include <chrono>
#include <string_view>

#include "agent/collect/collectors.h"
#include "agent/metrics/table.h"
#include "proto/reason.h"

namespace lariat::collect {
namespace {

using metrics::Metric;

constexpr std::array<std::string_view, kResults> kResultNames{"ok", "failed", "timeout", "killed",
                                                              "refused"};

double seconds(std::chrono::milliseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

// All label values at all times, so that a rate sees the first of each.
void report_counts(metrics::Report& report, const Collector& collector, std::uint64_t taken) {
  const std::string_view name = collector.description().name;
  for (std::size_t i = 0; i < kResults; ++i) {
    const auto result = static_cast<Result>(i);
    const auto count = collector.runs().count(result) + (result == Result::kRefused ? taken : 0);
    report.set(Metric::kCollectorRunsTotal, static_cast<double>(count), {name, kResultNames[i]});
  }
  for (std::size_t i = 1; i < proto::kReasonCount; ++i) {
    const auto reason = static_cast<proto::Reason>(i);
    report.set(Metric::kCollectorRejectedTotal,
               static_cast<double>(collector.intake().rejected(reason)),
               {name, proto::to_string(reason)});
  }
  report.set(Metric::kCollectorFramesTotal, static_cast<double>(collector.intake().frames()),
             {name});
  report.set(Metric::kCollectorRestartsTotal, static_cast<double>(collector.restarts()), {name});
  report.set(Metric::kCollectorLateTotal, static_cast<double>(collector.late()), {name});
  const auto usage = collector.usage();
  report.set(Metric::kCollectorCpuSecondsTotal, std::chrono::duration<double>(usage.cpu).count(),
             {name});
  report.set(Metric::kCollectorMaxResidentMemoryBytes, static_cast<double>(usage.max_resident),
             {name});
}

CollectorState refused(CollectorState state, const std::string& why) {
  state.state = "refused";
  state.healthy = false;
  state.last_error = why;
  return state;
}

}  // namespace

void Collectors::report(metrics::Report& report) const {
  for (const auto& entry : entries_) {
    const auto& collector = *entry.collector;
    const std::string_view name = collector.description().name;
    const auto taken = taken_counts_.find(name);
    report_counts(report, collector, taken == taken_counts_.end() ? 0 : taken->second);
    if (const auto duration = collector.runs().last_duration()) {
      report.set(Metric::kCollectorLastRunDurationSeconds, seconds(*duration), {name});
    }
    if (const auto success = collector.runs().last_success()) {
      report.set(Metric::kCollectorLastSuccessTimestampSeconds,
                 seconds(success->time_since_epoch()), {name});
    }
  }
}

std::vector<CollectorState> Collectors::states() const {
  std::vector<CollectorState> states;
  for (const auto& entry : entries_) states.push_back(entry.collector->state());
  for (const auto& taken : taken_) {
    CollectorState state = initial_state(taken.description);
    state.runs_bad = 1;
    states.push_back(refused(std::move(state), taken.refusal));
  }
  for (const auto& file : skipped_) {
    CollectorState state{.name = file.path.substr(file.path.rfind('/') + 1)};
    state.origin = file.path;
    state.mode = "-";
    state.interval = config_.interval;
    states.push_back(refused(std::move(state), file.why));
  }
  return states;
}

}  // namespace lariat::collect
