#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace lariat::metrics {

/// Each metric the agent has of itself, in the order of the exposition. An enumerator is the
/// metric's name without `lariat_`, in the spelling of constants.
enum class Metric : std::uint8_t {
  kBuildInfo,
  kLoopIterationsTotal,
  kLoopWakeupsTotal,
  kLoopWakeupsIdleTotal,
  kLoopCallbacksTotal,
  kLoopBusySecondsTotal,
  kLoopWaitSecondsTotal,
  kLoopSpinsTotal,
  kLogFramesTotal,
  kLogBytesTotal,
  kLogFrames,
  kLogMemoryBytes,
  kLogSpoolBytes,
  kLogSegments,
  kLogSpoolDegraded,
  kLogSegmentsDamagedTotal,
  kEndpointConnected,
  kEndpointConnectsTotal,
  kEndpointConnectFailuresTotal,
  kEndpointDisconnectsTotal,
  kEndpointStalled,
  kEndpointFramesAcceptedTotal,
  kEndpointFramesDeliveredTotal,
  kEndpointFramesResentTotal,
  kEndpointFramesDroppedTotal,
  kEndpointFramesQueued,
  kEndpointBytesQueued,
  kEndpointBytesInFlight,
  kEndpointOldestUnsentAgeSeconds,
  kEndpointLastSuccessTimestampSeconds,
  kEndpointBytesSentTotal,
  kEndpointWriteCallsTotal,
  kEndpointWriteWatcherActive,
  kEndpointWriteWatcherStartsTotal,
  kEndpointWriteWatcherStopsTotal,
  kEndpointWriteWakeupsTotal,
  kEndpointWriteWakeupsEmptyTotal,
  kCollectorRunsTotal,
  kCollectorFramesTotal,
  kCollectorRejectedTotal,
  kCollectorLastRunDurationSeconds,
  kCollectorLastSuccessTimestampSeconds,
  kCollectorRestartsTotal,
  kCollectorLateTotal,
  kCollectorCpuSecondsTotal,
  kCollectorMaxResidentMemoryBytes,
  kSeries,
  kSeriesRefusedTotal,
  kConfigLastReloadSuccessful,
  kConfigLastReloadTimestampSeconds,
  kHttpRequestsTotal,
  kProcessCpuSecondsTotal,
  kProcessResidentMemoryBytes,
  kProcessVirtualMemoryBytes,
  kProcessOpenFds,
  kProcessMaxFds,
  kProcessStartTimeSeconds,
  kProcessVoluntaryContextSwitchesTotal,
  kProcessInvoluntaryContextSwitchesTotal,
};

inline constexpr std::size_t kMetricCount =
    static_cast<std::size_t>(Metric::kProcessInvoluntaryContextSwitchesTotal) + 1;

/// A counter only grows while the process lives; a gauge goes both ways.
enum class Type : std::uint8_t { kCounter, kGauge };

/// What a metric is called and means: said here and nowhere else. All of it is static.
struct Definition {
  Metric metric;
  std::string_view name;
  Type type;
  std::string_view unit;                     ///< `seconds`, `bytes`; empty for a plain count.
  std::span<const std::string_view> labels;  ///< Keys, in the order in which values are given.
  std::string_view help;
};

/// All definitions, in the order of `Metric`.
[[nodiscard]] std::span<const Definition, kMetricCount> definitions() noexcept;
[[nodiscard]] const Definition& definition(Metric metric) noexcept;

}  // namespace lariat::metrics
