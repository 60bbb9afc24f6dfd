#pragma once

#include <string>

#include "agent/expose/status.h"

namespace lariat::expose {

/// The status as one JSON object and a line end: times of day as RFC 3339 in UTC, durations in
/// seconds; what is not known is null. Octets that are no UTF-8 become U+FFFD.
[[nodiscard]] std::string status_json(const Status& status);

}  // namespace lariat::expose
