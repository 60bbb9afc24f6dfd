#pragma once

#include "agent/base/output.h"

namespace lariat::net {

/// Of a client all of it. Of a server `ca` is what clients' certificates may be signed by, empty:
/// they need none; `server_name` has no meaning.
using base::TlsOptions;
using base::TlsVersion;

enum class TlsSide { kClient, kServer };

}  // namespace lariat::net
