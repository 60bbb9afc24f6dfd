#pragma once

#include "collectors/sdk/round_cache.h"

namespace lariat::host {

using sdk::RoundCache;

}  // namespace lariat::host
