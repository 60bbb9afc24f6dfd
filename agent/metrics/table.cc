#include "agent/metrics/table.h"

#include <array>

namespace lariat::metrics {
namespace {

using Keys = std::span<const std::string_view>;

constexpr Keys kNone;
constexpr std::array<std::string_view, 2> kVersionRevisionKeys{"version", "revision"};
constexpr std::array<std::string_view, 1> kKindKeys{"kind"};
constexpr std::array<std::string_view, 1> kEndpointKeys{"endpoint"};
constexpr std::array<std::string_view, 2> kEndpointReasonKeys{"endpoint", "reason"};
constexpr std::array<std::string_view, 2> kCollectorResultKeys{"collector", "result"};
constexpr std::array<std::string_view, 1> kCollectorKeys{"collector"};
constexpr std::array<std::string_view, 2> kCollectorReasonKeys{"collector", "reason"};
constexpr std::array<std::string_view, 2> kPathCodeKeys{"path", "code"};

constexpr std::array<Definition, kMetricCount> kDefinitions{{
    {Metric::kBuildInfo, "lariat_build_info", Type::kGauge, "", kVersionRevisionKeys,
     "Always 1; the labels say which build this is."},
    {Metric::kLoopIterationsTotal, "lariat_loop_iterations_total", Type::kCounter, "", kNone,
     "Turns of the event loop."},
    {Metric::kLoopWakeupsTotal, "lariat_loop_wakeups_total", Type::kCounter, "", kNone,
     "Waits in which the thread gave up the CPU and was woken."},
    {Metric::kLoopWakeupsIdleTotal, "lariat_loop_wakeups_idle_total", Type::kCounter, "", kNone,
     "Wake-ups that found no callback to run."},
    {Metric::kLoopCallbacksTotal, "lariat_loop_callbacks_total", Type::kCounter, "", kKindKeys,
     "Callbacks run, by what they were run for."},
    {Metric::kLoopBusySecondsTotal, "lariat_loop_busy_seconds_total", Type::kCounter, "seconds",
     kNone, "Time outside the kernel's wait."},
    {Metric::kLoopWaitSecondsTotal, "lariat_loop_wait_seconds_total", Type::kCounter, "seconds",
     kNone, "Time inside the kernel's wait."},
    {Metric::kLoopSpinsTotal, "lariat_loop_spins_total", Type::kCounter, "", kNone,
     "Seconds in which more than 10,000 turns did no work."},
    {Metric::kLogFramesTotal, "lariat_log_frames_total", Type::kCounter, "", kNone,
     "Frames appended to the log."},
    {Metric::kLogBytesTotal, "lariat_log_bytes_total", Type::kCounter, "bytes", kNone,
     "Bytes appended to the log."},
    {Metric::kLogFrames, "lariat_log_frames", Type::kGauge, "", kNone, "Frames the log holds."},
    {Metric::kLogMemoryBytes, "lariat_log_memory_bytes", Type::kGauge, "bytes", kNone,
     "Memory of the segments the log holds."},
    {Metric::kLogSpoolBytes, "lariat_log_spool_bytes", Type::kGauge, "bytes", kNone,
     "Size of the spool's files."},
    {Metric::kLogSegments, "lariat_log_segments", Type::kGauge, "", kNone,
     "Segments the log holds."},
    {Metric::kLogSpoolDegraded, "lariat_log_spool_degraded", Type::kGauge, "", kNone,
     "1 while the spool cannot be written."},
    {Metric::kLogSegmentsDamagedTotal, "lariat_log_segments_damaged_total", Type::kCounter, "",
     kNone, "Segments of the spool set aside at start as damaged."},
    {Metric::kEndpointConnected, "lariat_endpoint_connected", Type::kGauge, "", kEndpointKeys,
     "1 while connected."},
    {Metric::kEndpointConnectsTotal, "lariat_endpoint_connects_total", Type::kCounter, "",
     kEndpointKeys, "Connections made."},
    {Metric::kEndpointConnectFailuresTotal, "lariat_endpoint_connect_failures_total",
     Type::kCounter, "", kEndpointReasonKeys, "Attempts to connect that failed."},
    {Metric::kEndpointDisconnectsTotal, "lariat_endpoint_disconnects_total", Type::kCounter, "",
     kEndpointReasonKeys,
     "Connections that ended; after reset its reader may have lost acknowledged data."},
    {Metric::kEndpointStalled, "lariat_endpoint_stalled", Type::kGauge, "", kEndpointKeys,
     "1 while the peer answers but takes nothing for longer than stall_timeout."},
    {Metric::kEndpointFramesAcceptedTotal, "lariat_endpoint_frames_accepted_total", Type::kCounter,
     "", kEndpointKeys, "Frames that passed the filter."},
    {Metric::kEndpointFramesDeliveredTotal, "lariat_endpoint_frames_delivered_total",
     Type::kCounter, "", kEndpointKeys,
     "Frames acknowledged by the server's answer or the peer's kernel."},
    {Metric::kEndpointFramesResentTotal, "lariat_endpoint_frames_resent_total", Type::kCounter, "",
     kEndpointKeys, "Frames sent again after a connection died under them."},
    {Metric::kEndpointFramesDroppedTotal, "lariat_endpoint_frames_dropped_total", Type::kCounter,
     "", kEndpointReasonKeys, "Frames accepted and given up."},
    {Metric::kEndpointFramesQueued, "lariat_endpoint_frames_queued", Type::kGauge, "",
     kEndpointKeys, "Frames accepted, neither delivered nor dropped."},
    {Metric::kEndpointBytesQueued, "lariat_endpoint_bytes_queued", Type::kGauge, "bytes",
     kEndpointKeys, "Bytes of the frames queued."},
    {Metric::kEndpointBytesInFlight, "lariat_endpoint_bytes_in_flight", Type::kGauge, "bytes",
     kEndpointKeys, "Bytes written and not yet acknowledged."},
    {Metric::kEndpointOldestUnsentAgeSeconds, "lariat_endpoint_oldest_unsent_age_seconds",
     Type::kGauge, "seconds", kEndpointKeys,
     "Age of the oldest frame not delivered; 0 when nothing is queued."},
    {Metric::kEndpointLastSuccessTimestampSeconds, "lariat_endpoint_last_success_timestamp_seconds",
     Type::kGauge, "seconds", kEndpointKeys, "When a frame was last delivered."},
    {Metric::kEndpointBytesSentTotal, "lariat_endpoint_bytes_sent_total", Type::kCounter, "bytes",
     kEndpointKeys, "Bytes written to the peer."},
    {Metric::kEndpointWriteCallsTotal, "lariat_endpoint_write_calls_total", Type::kCounter, "",
     kEndpointKeys, "System calls that wrote to the peer."},
    {Metric::kEndpointWriteWatcherActive, "lariat_endpoint_write_watcher_active", Type::kGauge, "",
     kEndpointKeys, "1 while the loop watches for room to write."},
    {Metric::kEndpointWriteWatcherStartsTotal, "lariat_endpoint_write_watcher_starts_total",
     Type::kCounter, "", kEndpointKeys, "Times the write watcher was started."},
    {Metric::kEndpointWriteWatcherStopsTotal, "lariat_endpoint_write_watcher_stops_total",
     Type::kCounter, "", kEndpointKeys, "Times the write watcher was stopped."},
    {Metric::kEndpointWriteWakeupsTotal, "lariat_endpoint_write_wakeups_total", Type::kCounter, "",
     kEndpointKeys, "Writable events."},
    {Metric::kEndpointWriteWakeupsEmptyTotal, "lariat_endpoint_write_wakeups_empty_total",
     Type::kCounter, "", kEndpointKeys, "Writable events with nothing to write: always 0."},
    {Metric::kCollectorRunsTotal, "lariat_collector_runs_total", Type::kCounter, "",
     kCollectorResultKeys, "Runs, by how they ended."},
    {Metric::kCollectorFramesTotal, "lariat_collector_frames_total", Type::kCounter, "",
     kCollectorKeys, "Frames accepted into the log."},
    {Metric::kCollectorRejectedTotal, "lariat_collector_rejected_total", Type::kCounter, "",
     kCollectorReasonKeys, "Lines and messages refused."},
    {Metric::kCollectorLastRunDurationSeconds, "lariat_collector_last_run_duration_seconds",
     Type::kGauge, "seconds", kCollectorKeys, "How long the last run took."},
    {Metric::kCollectorLastSuccessTimestampSeconds,
     "lariat_collector_last_success_timestamp_seconds", Type::kGauge, "seconds", kCollectorKeys,
     "When a run was last good."},
    {Metric::kCollectorRestartsTotal, "lariat_collector_restarts_total", Type::kCounter, "",
     kCollectorKeys, "Times a stream collector was started again."},
    {Metric::kCollectorLateTotal, "lariat_collector_late_total", Type::kCounter, "", kCollectorKeys,
     "Moments without a run of their own in time."},
    {Metric::kCollectorCpuSecondsTotal, "lariat_collector_cpu_seconds_total", Type::kCounter,
     "seconds", kCollectorKeys, "User and system CPU time of its processes."},
    {Metric::kCollectorMaxResidentMemoryBytes, "lariat_collector_max_resident_memory_bytes",
     Type::kGauge, "bytes", kCollectorKeys,
     "Most memory that one of its processes had resident; not less than the agent's own at its "
     "start."},
    {Metric::kSeries, "lariat_series", Type::kGauge, "", kNone, "Series in the snapshot."},
    {Metric::kSeriesRefusedTotal, "lariat_series_refused_total", Type::kCounter, "", kNone,
     "Series over max_series or with a name that clashes."},
    {Metric::kConfigLastReloadSuccessful, "lariat_config_last_reload_successful", Type::kGauge, "",
     kNone, "1 when the last reload was good."},
    {Metric::kConfigLastReloadTimestampSeconds, "lariat_config_last_reload_timestamp_seconds",
     Type::kGauge, "seconds", kNone, "When the configuration was last loaded with success."},
    {Metric::kHttpRequestsTotal, "lariat_http_requests_total", Type::kCounter, "", kPathCodeKeys,
     "HTTP requests answered."},
    {Metric::kProcessCpuSecondsTotal, "process_cpu_seconds_total", Type::kCounter, "seconds", kNone,
     "User and system CPU time."},
    {Metric::kProcessResidentMemoryBytes, "process_resident_memory_bytes", Type::kGauge, "bytes",
     kNone, "Resident memory."},
    {Metric::kProcessVirtualMemoryBytes, "process_virtual_memory_bytes", Type::kGauge, "bytes",
     kNone, "Virtual memory."},
    {Metric::kProcessOpenFds, "process_open_fds", Type::kGauge, "", kNone,
     "Open file descriptors."},
    {Metric::kProcessMaxFds, "process_max_fds", Type::kGauge, "", kNone,
     "Limit on open file descriptors."},
    {Metric::kProcessStartTimeSeconds, "process_start_time_seconds", Type::kGauge, "seconds", kNone,
     "When the process started, since 1970 UTC."},
    {Metric::kProcessVoluntaryContextSwitchesTotal, "process_voluntary_context_switches_total",
     Type::kCounter, "", kNone, "Times a thread gave up the CPU of itself."},
    {Metric::kProcessInvoluntaryContextSwitchesTotal, "process_involuntary_context_switches_total",
     Type::kCounter, "", kNone, "Times a thread had the CPU taken from it."},
}};

// A row out of order would be found under another metric's name.
constexpr bool in_order() {
  for (std::size_t i = 0; i < kDefinitions.size(); ++i) {
    if (static_cast<std::size_t>(kDefinitions[i].metric) != i) return false;
  }
  return true;
}
static_assert(in_order());

}  // namespace

std::span<const Definition, kMetricCount> definitions() noexcept { return kDefinitions; }

const Definition& definition(Metric metric) noexcept {
  return kDefinitions[static_cast<std::size_t>(metric)];
}

}  // namespace lariat::metrics
