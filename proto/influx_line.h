#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "proto/bolo_text.h"
#include "proto/function_ref.h"
#include "proto/message.h"
#include "proto/series_name.h"

namespace lariat::proto {

/// Reads lines of InfluxDB's line protocol, `MEASUREMENT[,TAG=VALUE]… FIELD=VALUE[,…] [TIME]`: what
/// `InfluxEncoder` writes, and what others write.
///
/// Each field is a record of its own. The metric of the field `value` is the measurement, of any
/// other `MEASUREMENT_FIELD`. A number is a SAMPLE, a boolean 1 or 0, a text in quotes a FACT. How
/// exact a time is follows from its size: below 10^11 it is seconds, then by thousands milli-,
/// micro-, nanoseconds. Without one it is `now`. About 8 KiB.
class InfluxLines {
 public:
  /// Why a record is no good to whoever takes it; then the line's others are not handed out.
  using Sink = FunctionRef<Reason(const Record&)>;

  InfluxLines() noexcept {}  // NOLINT(modernize-use-equals-default): the rooms need no zeros.

  /// `line` has no blanks at its ends and is not empty. Records borrow from it, from this and from
  /// `name`, and only if the whole line is good are there any. Refused are `kBadName` (tags too),
  /// `kMissingField`, `kBadNumber`, `kBadTime`, `kLimit` (over 1000 fields).
  [[nodiscard]] Reason read(std::string_view line, std::uint64_t now, SeriesName& name, Sink sink);

 private:
  [[nodiscard]] Reason read_series(std::string_view& line, SeriesName& name);
  [[nodiscard]] Reason read_value(std::string_view text, Record& record);
  [[nodiscard]] std::string_view plain(std::string_view spelled);

  std::string_view measurement_;
  std::array<char, kMaxNameLength> piece_;
  std::array<char, kMaxTextLength + 1> text_;
};

}  // namespace lariat::proto
