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

}  // namespace lariat::publish
