#pragma once

#include <cstdint>
#include <string_view>

#include "proto/bolo_text.h"
#include "proto/series_name.h"

namespace lariat::proto {

/// Reads a line of Graphite's plaintext protocol, `PATH[;TAG=VALUE]… VALUE [TIME]`: a SAMPLE.
///
/// The path is the metric, dots and all. A time of `-1`, or none, is `now`; a fraction is cut off.
/// `line` has no blanks at its ends and is not empty; the record borrows from it and from `name`.
/// Refused are `kMissingField`, `kBadNumber` (NaN too), `kBadTime` (and fields behind it),
/// `kBadName` (a tag without a value).
[[nodiscard]] ParsedLine read_graphite(std::string_view line, std::uint64_t now,
                                       SeriesName& name) noexcept;

}  // namespace lariat::proto
