#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "proto/message.h"
#include "proto/totals.h"

namespace lariat::proto {

/// What a series of a kind is to formats that know types.
enum class PointType : std::uint8_t { kGauge, kCounter, kInfo };
[[nodiscard]] PointType point_type(Payload kind) noexcept;
/// What stands behind the metric where a series has one number: `_events_total`, `_info`, nothing.
[[nodiscard]] std::string_view point_suffix(Payload kind) noexcept;

/// What a format with one number a series makes of a SUBMIT message. Borrows the message.
struct Point {
  std::string_view name;  ///< Canonical; the metric without `point_suffix`.
  Payload kind = Payload::kSample;
  double value = 0;          ///< Finite. Of a FACT 1.
  std::int64_t seconds = 0;  ///< Since 1970 UTC; 1000 times as many fit as well.
  std::string_view text;     ///< Of a FACT.

  [[nodiscard]] PointType type() const noexcept { return point_type(kind); }
  [[nodiscard]] std::string_view suffix() const noexcept { return point_suffix(kind); }
};

/// The point of a valid SUBMIT whose values are finite and whose name is canonical. Of several
/// values it is the last; of TALLY and EVENT the series' total, to which a message is added unless
/// it was encoded before (`again`). A FACT gets the time of its append. Nothing if it cannot be
/// expressed: a time beyond the year 292 million, a series that `totals` has no room for.
[[nodiscard]] std::optional<Point> point_of(const Submit& submit, Totals& totals, bool again,
                                            std::int64_t appended_seconds);

}  // namespace lariat::proto
