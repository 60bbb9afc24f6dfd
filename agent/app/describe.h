#pragma once

#include "agent/collect/wanted.h"
#include "agent/config/load.h"

namespace lariat::app {

/// How collectors are made of the files in a directory: as `config` reads them. Borrows
/// `surroundings`.
[[nodiscard]] collect::Describe describer(const config::Surroundings& surroundings);

}  // namespace lariat::app
