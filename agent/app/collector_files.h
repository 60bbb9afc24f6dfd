#pragma once

#include <sys/types.h>

#include <cstddef>
#include <span>
#include <vector>

#include "agent/config/load.h"

namespace lariat::app {

/// What the agent would make of all collectors that a configuration wants.
struct CollectorFindings {
  std::size_t good = 0;  ///< So many would run, if they are enabled.
  std::vector<config::Mistake> mistakes;
  std::vector<config::Mistake> warnings;
};

/// Gathers as the agent does, with each mistake at its place. What the trust rule refuses, and
/// programs that cannot be run by this user, are warnings; a name that two have is a mistake.
/// Runs nothing. `owners`: see `collect::judge`.
[[nodiscard]] CollectorFindings look_at_collectors(const config::Config& config,
                                                   const config::Surroundings& surroundings,
                                                   std::span<const uid_t> owners);

}  // namespace lariat::app
