#pragma once

#include <optional>

#include "agent/config/config.h"
#include "agent/config/reader.h"

namespace lariat::config {

/// `127.0.0.1:9299`, `[::1]:9299`, `localhost:0`: no name but that one, so that nobody is asked for
/// an address before the agent can listen.
[[nodiscard]] std::optional<Listen> read_listen(const Value& value);

/// Certificate and key, which must both be there, and the CA of clients.
[[nodiscard]] std::optional<ServerTls> read_server_tls(const Value& value);

}  // namespace lariat::config
