#include "agent/publish/endpoint_report.h"

#include <chrono>
#include <cstddef>
#include <string_view>

namespace lariat::publish {
namespace {

using metrics::Metric;

double seconds(std::chrono::milliseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

void report_ledger(std::string_view name, const Ledger& ledger, metrics::Report& report) {
  const auto set = [&](Metric metric, std::uint64_t value) {
    report.set(metric, static_cast<double>(value), {name});
  };
  set(Metric::kEndpointFramesAcceptedTotal, ledger.accepted);
  set(Metric::kEndpointFramesDeliveredTotal, ledger.delivered);
  set(Metric::kEndpointFramesResentTotal, ledger.resent);
  for (std::size_t reason = 0; reason < kDropReasons; ++reason) {
    report.set(Metric::kEndpointFramesDroppedTotal, static_cast<double>(ledger.dropped[reason]),
               {name, to_string(static_cast<DropReason>(reason))});
  }
  set(Metric::kEndpointFramesQueued, ledger.queued);
  set(Metric::kEndpointBytesQueued, ledger.bytes_queued);
  set(Metric::kEndpointBytesInFlight, ledger.bytes_in_flight);
  report.set(Metric::kEndpointOldestUnsentAgeSeconds, seconds(ledger.oldest_age), {name});
}

void report_connection(std::string_view name, const EndpointStats& stats, metrics::Report& report) {
  report.set(Metric::kEndpointConnectsTotal, static_cast<double>(stats.connects), {name});
  for (std::size_t failure = 0; failure < kConnectFailures; ++failure) {
    report.set(Metric::kEndpointConnectFailuresTotal,
               static_cast<double>(stats.connect_failures[failure]),
               {name, to_string(static_cast<net::ConnectFailure>(failure + 1))});
  }
  for (std::size_t reason = 0; reason < kEndReasons; ++reason) {
    report.set(Metric::kEndpointDisconnectsTotal, static_cast<double>(stats.disconnects[reason]),
               {name, to_string(static_cast<EndReason>(reason))});
  }
  if (stats.last_success != base::WallTime()) {
    report.set(Metric::kEndpointLastSuccessTimestampSeconds,
               seconds(stats.last_success.time_since_epoch()), {name});
  }
}

}  // namespace

void report_endpoint(Endpoint& endpoint, metrics::Report& report) {
  const std::string_view name = endpoint.config().name;
  // First: it may write no byte, but it may start or stop the watcher.
  report_ledger(name, endpoint.ledger(), report);
  const auto& stats = endpoint.stats();
  report_connection(name, stats, report);
  const auto set = [&](Metric metric, std::uint64_t value) {
    report.set(metric, static_cast<double>(value), {name});
  };
  const auto watcher = endpoint.write_watcher();
  set(Metric::kEndpointConnected, endpoint.connected() ? 1 : 0);
  set(Metric::kEndpointStalled, endpoint.stalled() ? 1 : 0);
  set(Metric::kEndpointBytesSentTotal, stats.bytes_sent);
  set(Metric::kEndpointWriteCallsTotal, stats.write_calls);
  set(Metric::kEndpointWriteWatcherActive, watcher.active ? 1 : 0);
  set(Metric::kEndpointWriteWatcherStartsTotal, watcher.starts);
  set(Metric::kEndpointWriteWatcherStopsTotal, watcher.stops);
  set(Metric::kEndpointWriteWakeupsTotal, stats.write_wakeups);
  set(Metric::kEndpointWriteWakeupsEmptyTotal, stats.write_wakeups_empty);
}

}  // namespace lariat::publish
