#pragma once

#include <chrono>
#include <span>
#include <string>
#include <string_view>

#include "agent/base/result.h"

namespace lariat::app {

/// What the agent on the first of `paths` that answers has to say to `command`. If none does: which
/// were tried, why each was in vain, and what to do.
[[nodiscard]] base::Result<std::string> ask_agent(std::span<const std::string> paths,
                                                  std::string_view command,
                                                  std::chrono::milliseconds limit);

}  // namespace lariat::app
