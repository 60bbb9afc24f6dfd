// The C interface: accounts, and words for results.

#include <numeric>
#include <string>

#include "agent/api/handle.h"
#include "agent/api/options.h"

using lariat::api::call;
using lariat::api::Engine;
using lariat::api::From;
namespace publish = lariat::publish;

namespace {

template <typename Counts>
std::uint64_t sum(const Counts& counts) {
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

int state_of(publish::EndpointState state) noexcept {
  switch (state) {
    case publish::EndpointState::kConnecting:
      return LARIAT_CONNECTING;
    case publish::EndpointState::kConnected:
      return LARIAT_CONNECTED;
    case publish::EndpointState::kBehind:
      return LARIAT_BEHIND;
    case publish::EndpointState::kStalled:
      return LARIAT_STALLED;
    case publish::EndpointState::kWaiting:
    case publish::EndpointState::kStopped:
      break;
  }
  return LARIAT_WAITING;
}

void fill_ledger(const publish::Ledger& ledger, lariat_endpoint_stats& stats) {
  const auto dropped = [&](publish::DropReason reason) {
    return ledger.dropped[static_cast<std::size_t>(reason)];
  };
  stats.accepted = ledger.accepted;
  stats.delivered = ledger.delivered;
  stats.resent = ledger.resent;
  stats.evicted = dropped(publish::DropReason::kEvicted);
  stats.full = dropped(publish::DropReason::kFull);
  stats.expired = dropped(publish::DropReason::kExpired);
  stats.rejected = dropped(publish::DropReason::kRejected);
  stats.unsupported = dropped(publish::DropReason::kUnsupported);
  stats.damaged = dropped(publish::DropReason::kDamaged);
  stats.queued = ledger.queued;
  stats.bytes_queued = ledger.bytes_queued;
  stats.bytes_in_flight = ledger.bytes_in_flight;
  stats.oldest_age_ms = static_cast<std::uint64_t>(ledger.oldest_age.count());
}

void fill_connection(const publish::Endpoint& endpoint, lariat_endpoint_stats& stats) {
  const auto& counts = endpoint.stats();
  stats.last_error = endpoint.last_error().c_str();
  stats.state = state_of(endpoint.state());
  stats.connects = counts.connects;
  stats.connect_failures = sum(counts.connect_failures);
  stats.disconnects = sum(counts.disconnects);
  stats.bytes_sent = counts.bytes_sent;
  stats.write_calls = counts.write_calls;
  const auto watcher = endpoint.write_watcher();
  stats.write_watcher_active = watcher.active ? 1 : 0;
  stats.write_watcher_starts = watcher.starts;
  stats.write_watcher_stops = watcher.stops;
  stats.write_wakeups = counts.write_wakeups;
  stats.write_wakeups_empty = counts.write_wakeups_empty;
  stats.messages_received = counts.messages_received;
  stats.messages_refused = counts.messages_refused;
}

}  // namespace

int lariat_get_stats(lariat_publisher* publisher, lariat_stats* stats) noexcept {
  return call(publisher, From::kAnywhere, [&](Engine& engine) -> int {
    if (stats == nullptr || stats->size < sizeof stats->size) return LARIAT_BAD_ARGUMENT;
    const auto& engine_publisher = engine.publisher();
    const auto& log = engine_publisher.log();
    const auto loop = engine.loop_stats();
    lariat_stats filled{};
    filled.endpoints = engine_publisher.endpoints().size();
    filled.messages = engine_publisher.frames_published();
    filled.bytes = engine_publisher.bytes_published();
    filled.log_messages = log.end_sequence() - log.oldest().sequence;
    filled.log_bytes = log.memory_bytes();
    if (const auto* spool = engine_publisher.spool()) {
      filled.spool_bytes = spool->stats().bytes;
      filled.spool_degraded = spool->degraded() ? 1 : 0;
    }
    filled.turns = loop.iterations;
    filled.wakeups = loop.wakeups;
    filled.wakeups_idle = loop.wakeups_idle;
    lariat::api::give_structure(filled, stats);
    return LARIAT_OK;
  });
}

int lariat_get_endpoint_stats(lariat_publisher* publisher, const char* name,
                              lariat_endpoint_stats* stats) noexcept {
  return call(publisher, From::kAnywhere, [&](Engine& engine) -> int {
    if (name == nullptr || stats == nullptr) return LARIAT_BAD_ARGUMENT;
    if (stats->size < sizeof stats->size) return LARIAT_BAD_ARGUMENT;
    auto* endpoint = engine.find(name);
    if (endpoint == nullptr) return LARIAT_UNKNOWN;
    lariat_endpoint_stats filled{};
    fill_ledger(endpoint->ledger(), filled);
    fill_connection(*endpoint, filled);
    filled.name = endpoint->config().name.c_str();
    filled.url = engine.url_of(*endpoint);
    lariat::api::give_structure(filled, stats);
    return LARIAT_OK;
  });
}

const char* lariat_endpoint_name(lariat_publisher* publisher, size_t index) noexcept {
  if (lariat::api::gate(publisher, From::kAnywhere) != LARIAT_OK) return nullptr;
  const auto endpoints = publisher->engine->publisher().endpoints();
  return index < endpoints.size() ? endpoints[index]->config().name.c_str() : nullptr;
}

const char* lariat_version(void) noexcept { return LARIAT_VERSION; }

const char* lariat_strerror(int result) noexcept {
  if (result >= 0) return "no error";
  switch (static_cast<lariat_result>(result)) {
    case LARIAT_OK:
      break;
    case LARIAT_BAD_ARGUMENT:
      return "an argument is missing or out of range";
    case LARIAT_BAD_URL:
      return "no URL that this version can send to";
    case LARIAT_BAD_NAME:
      return "no qualified name: write \"metric tag=value,tag=value\"";
    case LARIAT_BAD_NUMBER:
      return "no finite number";
    case LARIAT_BAD_MESSAGE:
      return "not exactly one TSDP message that submits a value";
    case LARIAT_TOO_LARGE:
      return "too large for the log or for a message";
    case LARIAT_EXISTS:
      return "there is an endpoint of that name already";
    case LARIAT_UNKNOWN:
      return "there is no endpoint of that name";
    case LARIAT_SPOOL:
      return "the spool cannot be used: a log line says why";
    case LARIAT_IN_CALLBACK:
      return "not to be called from this callback";
    case LARIAT_NOT_OURS:
      return "the program's own loop drives this publisher";
    case LARIAT_NO_TIME:
      return "the time was over before it was done";
    case LARIAT_FORKED:
      return "the publisher belongs to the parent process";
    case LARIAT_SYSTEM:
      return "the system gives no descriptor";
    case LARIAT_CANCELLED:
      return "another flush took its place, or the publisher was closed";
  }
  return "unknown error";
}
