#include "agent/app/agent_status.h"

#include <utility>

namespace lariat::app {

void add_endpoints(const publish::Publisher& publisher, expose::Status& status) {
  for (const auto& endpoint : publisher.endpoints()) {
    const auto ledger = endpoint->ledger();
    const auto& stats = endpoint->stats();
    expose::EndpointStatus one{.name = endpoint->config().name,
                               .url = endpoint->config().url.text(),
                               .state = std::string(publish::to_string(endpoint->state())),
                               .healthy = endpoint->connected() && !endpoint->stalled(),
                               .last_error = endpoint->last_error(),
                               .frames_accepted = ledger.accepted,
                               .frames_delivered = ledger.delivered,
                               .frames_dropped = ledger.dropped_total(),
                               .frames_resent = ledger.resent,
                               .frames_queued = ledger.queued,
                               .bytes_queued = ledger.bytes_queued,
                               .oldest_unsent_age = ledger.oldest_age};
    if (stats.last_success != base::WallTime()) one.last_success = stats.last_success;
    for (const auto& sample : endpoint->rejected()) {
      one.rejected.push_back({.series = sample.name,
                              .value = sample.value,
                              .time = base::WallTime(std::chrono::seconds(sample.seconds)),
                              .why = sample.why});
    }
    status.endpoints.push_back(std::move(one));
  }
}

void add_collectors(const collect::Collectors& collectors, expose::Status& status) {
  for (auto& state : collectors.states()) {
    status.collectors.push_back({.name = std::move(state.name),
                                 .command = std::move(state.command),
                                 .origin = std::move(state.origin),
                                 .mode = std::move(state.mode),
                                 .state = std::move(state.state),
                                 .healthy = state.healthy,
                                 .last_error = std::move(state.last_error),
                                 .interval = state.interval,
                                 .runs_good = state.runs_good,
                                 .runs_bad = state.runs_bad,
                                 .frames = state.frames,
                                 .rejected = state.rejected,
                                 .restarts = state.restarts,
                                 .late = state.late,
                                 .cpu = state.cpu,
                                 .max_resident = state.max_resident,
                                 .last_duration = state.last_duration,
                                 .last_success = state.last_success});
  }
}

}  // namespace lariat::app
