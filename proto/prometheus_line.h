#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "proto/bolo_text.h"
#include "proto/exposition_read.h"
#include "proto/series_name.h"

namespace lariat::proto {

/// Reads Prometheus' text format line by line, and what OpenMetrics has of its own: exemplars are
/// passed over. Remembers what `# TYPE` says of up to 4096 families, 64 KiB of names.
///
/// A counter is a DELTA, as are the buckets, counts and sums of a histogram or summary; all else is
/// a SAMPLE. Labels are tags. For its time see `exposition_seconds`; without one it is `now`. A
/// NaN, as of the quantiles of a summary that has seen nothing, is nothing.
class PrometheusLines {
 public:
  /// `line` has no blanks at its ends and is not empty. The record borrows from it and from `name`.
  /// Refused are `kBadName` (labels too), `kMissingField`, `kBadNumber` (infinities too),
  /// `kBadTime`.
  [[nodiscard]] ParsedLine read(std::string_view line, std::uint64_t now, SeriesName& name);

 private:
  void learn(const ExpositionFamily& family);
  [[nodiscard]] ExpositionFamily family_of(std::string_view value_name) const;

  std::map<std::string, ExpositionValue::Type, std::less<>> families_;
  std::size_t octets_ = 0;  // Of their names.
  std::array<char, kMaxNameLength> label_;
};

}  // namespace lariat::proto
