#pragma once

#include "agent/collect/collectors.h"
#include "agent/expose/status.h"
#include "agent/publish/publisher.h"

namespace lariat::app {

/// What the status pages say of each endpoint and collector, in the order of the configuration.
void add_endpoints(const publish::Publisher& publisher, expose::Status& status);
void add_collectors(const collect::Collectors& collectors, expose::Status& status);

}  // namespace lariat::app
