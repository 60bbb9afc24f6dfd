#pragma once

#include "agent/metrics/source.h"
#include "agent/publish/endpoint.h"

namespace lariat::publish {

/// All `lariat_endpoint_*` of one endpoint, of one moment: the ledger balances in them.
void report_endpoint(Endpoint& endpoint, metrics::Report& report);

}  // namespace lariat::publish
