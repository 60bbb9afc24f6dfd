#pragma once

#include "agent/collect/wanted.h"
#include "agent/config/load.h"

namespace lariat::app {

/// How the files in directories of collectors are understood. Keeps `surroundings` itself.
[[nodiscard]] collect::Describe describe_with(const config::Surroundings& surroundings);

/// What a configuration says of collectors.
[[nodiscard]] collect::CollectorsConfig collectors_config(const config::Config& config);

/// All that `config` wants to run now, its directories read. `owners`: see `collect::judge`.
[[nodiscard]] collect::Gathered gather(const config::Config& config,
                                       const config::Surroundings& surroundings,
                                       std::span<const uid_t> owners);

}  // namespace lariat::app
