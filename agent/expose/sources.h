#pragma once

#include <functional>
#include <optional>
#include <string>

#include "agent/expose/snapshot.h"
#include "agent/expose/status.h"

namespace lariat::expose {

/// Whom HTTP and the control socket ask. All of it outlives them.
struct Sources {
  std::function<std::string()> agent_metrics;  ///< The agent's own, as text.
  Snapshot& snapshot;
  std::function<Status()> status;
  std::function<std::optional<std::string>()> not_ready;  ///< Why not, in words; nothing if it is.
};

}  // namespace lariat::expose
