#pragma once

#include "agent/base/back_off.h"

namespace lariat::publish {

using base::BackOff;

}  // namespace lariat::publish
