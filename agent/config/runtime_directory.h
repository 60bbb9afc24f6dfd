#pragma once

#include <optional>
#include <string>

#include "agent/base/result.h"

namespace lariat::config {

/// Makes the folder of the control socket, mode 0700, unless it is there; or says why nobody should
/// put a socket there: in a temporary folder anybody could have made it before us. It must be a
/// folder and no link, ours, and no other user may write there. Its parent must be there.
[[nodiscard]] std::optional<base::Error> prepare_runtime_directory(const std::string& directory);

}  // namespace lariat::config
