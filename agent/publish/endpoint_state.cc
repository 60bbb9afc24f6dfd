// What an endpoint says of itself to people, and how a child process lets go of it.

#include <fmt/format.h>

#include <array>
#include <chrono>

#include "agent/base/units.h"
#include "agent/publish/endpoint.h"

namespace lariat::publish {

std::string_view to_string(EndpointState state) noexcept {
  constexpr std::array<std::string_view, 6> kNames = {"connecting", "waiting", "connected",
                                                      "behind",     "stalled", "stopped"};
  return kNames[static_cast<std::size_t>(state)];
}

EndpointState Endpoint::state() const noexcept {
  if (!running_) return EndpointState::kStopped;
  if (!connected()) return retry_.active() ? EndpointState::kWaiting : EndpointState::kConnecting;
  if (stalled_) return EndpointState::kStalled;
  // What is new in this turn goes out at its end: it is no lag yet.
  const bool behind = writable_.active() || cursor_->paced();
  return behind ? EndpointState::kBehind : EndpointState::kConnected;
}

void Endpoint::abandon() noexcept {
  running_ = false;
  dialer_.cancel();
  for (auto* watcher : {&readable_, &writable_}) watcher->watch(-1);
  for (auto* timer : {&retry_, &stall_, &disk_, &pace_, &judge_}) timer->stop();
  socket_.reset();
}

std::string Endpoint::left_in_words() {
  const auto now = ledger();
  if (now.queued == 0) return {};
  const auto age = std::chrono::floor<std::chrono::seconds>(now.oldest_age);
  return fmt::format("{} {} ({}) not delivered, the oldest {} old", now.queued,
                     now.queued == 1 ? "frame" : "frames", base::format_size(now.bytes_queued),
                     base::format_duration(age));
}

}  // namespace lariat::publish
