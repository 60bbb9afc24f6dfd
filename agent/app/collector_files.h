#pragma once

#include <vector>

#include "agent/config/load.h"

namespace lariat::app {

/// What the directories of collectors hold.
struct CollectorFiles {
  std::vector<config::Collector> collectors;
  std::vector<config::Mistake> mistakes;
  std::vector<config::Mistake> warnings;
};

/// Reads each `NAME.json` in the directories of `config` and takes each executable as it is, in the
/// order of their names. A name that two collectors have is a mistake. Runs nothing.
[[nodiscard]] CollectorFiles read_collector_files(const config::Config& config,
                                                  const config::Surroundings& surroundings);
/// A warning for each collector that is enabled and whose program cannot be run by this user.
[[nodiscard]] std::vector<config::Mistake> missing_programs(
    const std::vector<config::Collector>& collectors);

}  // namespace lariat::app
