#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "proto/bolo_text.h"
#include "proto/exposition_read.h"
#include "proto/series_name.h"

namespace lariat::proto {

/// Reads Prometheus' text format line by line; remembers the newest `# TYPE`.
///
/// A counter is a DELTA, as are the buckets, counts and sums of a histogram or summary; all else is
/// a SAMPLE. Labels are tags. A time is in milliseconds; without one it is `now`.
class PrometheusLines {
 public:
  /// `line` has no blanks at its ends and is not empty. The record borrows from it and from `name`.
  /// Refused are `kBadName` (labels too), `kMissingField`, `kBadNumber` (NaN and infinities too),
  /// `kBadTime`.
  [[nodiscard]] ParsedLine read(std::string_view line, std::uint64_t now, SeriesName& name);

 private:
  std::string family_;
  ExpositionValue::Type type_ = ExpositionValue::Type::kUntyped;
  std::array<char, kMaxNameLength> label_;
};

}  // namespace lariat::proto
