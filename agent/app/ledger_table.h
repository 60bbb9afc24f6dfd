#pragma once

#include <string>

#include "agent/publish/publisher.h"

namespace lariat::app {

/// What each endpoint got, for people: a line each with frames delivered, dropped, queued, and why
/// it is not connected.
[[nodiscard]] std::string ledger_table(const publish::Publisher& publisher);
/// Every frame was delivered at every endpoint.
[[nodiscard]] bool all_delivered(const publish::Publisher& publisher);

}  // namespace lariat::app
