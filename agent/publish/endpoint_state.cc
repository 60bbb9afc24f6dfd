// What an endpoint says of itself to people.

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

std::string Endpoint::left_in_words() {
  const auto now = ledger();
  if (now.queued == 0) return {};
  const auto age = std::chrono::floor<std::chrono::seconds>(now.oldest_age);
  return fmt::format("{} {} ({}) not delivered, the oldest {} old", now.queued,
                     now.queued == 1 ? "frame" : "frames", base::format_size(now.bytes_queued),
                     base::format_duration(age));
}

}  // namespace lariat::publish
