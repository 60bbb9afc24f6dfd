#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent/base/clock.h"
#include "agent/expose/status.h"

namespace lariat::expose {

/// How the status' values are spelled, for people and in JSON.

/// `2026-11-25T19:03:30.250Z`, without the fraction if it is 0.
[[nodiscard]] std::string rfc3339(base::WallTime time);
/// Two units at most: `3 d 4 h`, `12 min 3 s`, `250 ms`, `0 s`.
[[nodiscard]] std::string duration_words(std::chrono::milliseconds duration);
/// `12 s ago`, `never`; `now` for a time that is yet to come, as a clock may be set.
[[nodiscard]] std::string ago(const std::optional<base::WallTime>& time, base::WallTime now);
/// `1,234,567`.
[[nodiscard]] std::string grouped(std::uint64_t count);

/// Pointers to the elements, those that are not healthy first, else in their order.
template <typename Element>
[[nodiscard]] std::vector<const Element*> unhealthy_first(const std::vector<Element>& all) {
  std::vector<const Element*> sorted;
  sorted.reserve(all.size());
  for (const bool healthy : {false, true}) {
    for (const Element& element : all) {
      if (element.healthy == healthy) sorted.push_back(&element);
    }
  }
  return sorted;
}

}  // namespace lariat::expose
