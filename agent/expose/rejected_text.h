#pragma once

#include <string>
#include <string_view>

#include "agent/expose/status.h"

namespace lariat::expose {

/// The samples that the aggregator of this endpoint has refused last, for a terminal: a line each,
/// oldest first. A sentence that begins with `error: ` if there is no such endpoint.
[[nodiscard]] std::string rejected_text(const Status& status, std::string_view endpoint);

}  // namespace lariat::expose
