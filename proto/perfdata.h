#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "proto/reason.h"

namespace lariat::proto {

/// A unit of performance data, and what becomes of it.
struct PerfUnit {
  std::string_view suffix;  ///< `seconds`, `bytes`, `percent`, `total`; empty: none of these.
  double factor = 1;
  bool counter = false;
  std::string_view other;  ///< A unit that is none of these, as it is written.
};
[[nodiscard]] PerfUnit perf_unit(std::string_view text) noexcept;

/// `'LABEL'=VALUE[UNIT][;…]` taken apart; borrows from it.
struct PerfItem {
  std::string_view label;  ///< Inside of its quotes, where `''` still stands for a quote.
  bool unknown = false;    ///< The value is `U`.
  double value = 0;        ///< As it is written: not in the unit's base.
  PerfUnit unit;
  std::string_view limits;  ///< What stands behind the value's `;`.
};
/// Refused are `kMissingField`, `kBadName`, `kBadNumber`.
[[nodiscard]] Reason read_perf_item(std::string_view text, PerfItem& item) noexcept;
/// Takes an item and the blanks around it off the front; a label in quotes may have blanks.
[[nodiscard]] std::string_view take_perf_item(std::string_view& rest) noexcept;

/// `10`, `10:`, `10:20`, `~:20`, `@10:20`.
struct PerfRange {
  std::optional<double> low;  ///< If it is written, and is not `~`.
  std::optional<double> high;
  bool inside = false;  ///< It warns inside of the range, not outside.
};
[[nodiscard]] std::optional<PerfRange> read_perf_range(std::string_view text) noexcept;

/// A number at the front, a comma for a point allowed, and how many octets it has.
struct PerfNumber {
  double value = 0;
  std::size_t size = 0;
};
[[nodiscard]] std::optional<PerfNumber> read_perf_number(std::string_view text) noexcept;

}  // namespace lariat::proto
