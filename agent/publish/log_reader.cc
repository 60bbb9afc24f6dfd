#include "agent/publish/log_reader.h"

#include <numeric>

namespace lariat::publish {

std::string_view to_string(DropReason reason) noexcept {
  constexpr std::array<std::string_view, kDropReasons> kNames = {
      "evicted", "full", "expired", "rejected", "unsupported", "damaged"};
  return kNames[static_cast<std::size_t>(reason)];
}

std::uint64_t Ledger::dropped_total() const noexcept {
  return std::accumulate(dropped.begin(), dropped.end(), std::uint64_t{0});
}

Ledger LogReader::ledger(base::WallTime now) const noexcept {
  auto ledger = account(now);
  for (std::size_t reason = 0; reason < kDropReasons; ++reason) {
    ledger.delivered -= refused_[reason];
    ledger.dropped[reason] += refused_[reason];
  }
  return ledger;
}

}  // namespace lariat::publish
