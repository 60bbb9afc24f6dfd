#pragma once

#include <string>

#include "agent/base/clock.h"
#include "agent/expose/status.h"

namespace lariat::expose {

/// The status as a page of HTML: no scripts, nothing from elsewhere, every text escaped.
[[nodiscard]] std::string status_page(const Status& status, base::WallTime now);

}  // namespace lariat::expose
