#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace lariat::proto {

/// One value of a collectd type.
struct CollectdValue {
  std::string_view name;  ///< `value` is the only one of its type; empty: none.
  bool grows = false;     ///< A COUNTER or DERIVE.
};

/// A type as collectd's database has it: the names of its values, in order.
struct CollectdType {
  static constexpr std::size_t kMost = 4;
  std::string_view name;
  std::array<CollectdValue, kMost> values;
};

/// Null for one that is not in the table: its values are gauges.
[[nodiscard]] const CollectdType* find_collectd_type(std::string_view name) noexcept;

}  // namespace lariat::proto
