#include "agent/app/ledger_table.h"

#include <fmt/format.h>

#include <algorithm>

namespace lariat::app {

std::string ledger_table(const publish::Publisher& publisher) {
  std::size_t width = 8;
  for (const auto& endpoint : publisher.endpoints()) {
    width = std::max(width, endpoint->config().url.text().size());
  }
  auto table = fmt::format("{:{}}  {:>12} {:>12} {:>10} {:>10}  {}\n", "endpoint", width,
                           "accepted", "delivered", "dropped", "queued", "state");
  for (const auto& endpoint : publisher.endpoints()) {
    const auto ledger = endpoint->ledger();
    std::string state = endpoint->last_error();
    if (state.empty()) state = endpoint->connected() ? "ok" : "not connected";
    if (endpoint->stalled()) state = "answers but takes nothing";
    table += fmt::format("{:{}}  {:>12} {:>12} {:>10} {:>10}  {}\n", endpoint->config().url.text(),
                         width, ledger.accepted, ledger.delivered, ledger.dropped_total(),
                         ledger.queued, state);
  }
  return table;
}

bool all_delivered(const publish::Publisher& publisher) {
  return std::all_of(
      publisher.endpoints().begin(), publisher.endpoints().end(), [](const auto& endpoint) {
        const auto ledger = endpoint->ledger();
        // What left a peer that turned out to speak something else is no delivery.
        constexpr auto kLocal = static_cast<std::size_t>(publish::EndReason::kLocal);
        return ledger.delivered == ledger.accepted && endpoint->stats().disconnects[kLocal] == 0;
      });
}

}  // namespace lariat::app
