#include "proto/totals.h"

namespace lariat::proto {

std::uint64_t* Totals::find(std::string_view name, Payload kind, bool& added) {
  BySeries& series = kind == Payload::kEvent ? events_ : tallies_;
  const auto found = series.find(name);
  added = found == series.end();
  if (!added) return &found->second;
  if (size() >= most_series_ || name.size() > most_octets_ - octets_) return nullptr;
  octets_ += name.size();
  return &series.emplace(name, 0).first->second;
}

std::optional<std::uint64_t> Totals::add(std::string_view name, Payload kind,
                                         std::uint64_t increment) {
  bool added = false;
  auto* total = find(name, kind, added);
  if (total == nullptr) return std::nullopt;
  return *total += increment;
}

std::optional<std::uint64_t> Totals::get(std::string_view name, Payload kind,
                                         std::uint64_t increment) {
  bool added = false;
  auto* total = find(name, kind, added);
  if (total == nullptr) return std::nullopt;
  return added ? *total += increment : *total;
}

}  // namespace lariat::proto
