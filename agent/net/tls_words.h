#pragma once

// Private to agent/net: what OpenSSL says, in words for the operator.

#include <string>
#include <string_view>

#include "agent/net/tls_library.h"
#include "agent/net/tls_options.h"

namespace lariat::net {

/// The subject's common name, or the whole subject, or `no name`. Printable.
[[nodiscard]] std::string name_of(X509* certificate);
/// DNS names and addresses that it is for, as `a, b, 192.0.2.1`; empty if there are none.
[[nodiscard]] std::string names_of(X509* certificate);
/// `expired 3 days ago, on 2026-01-31`, `is valid only from 2027-01-31 on`; empty if it is neither.
[[nodiscard]] std::string age_fault(X509* certificate);

/// Why the check of the peer's certificate refused it; `source` says whose CAs were asked, as
/// `ca.pem`, empty being the system's, and `wanted` which name.
[[nodiscard]] std::string refusal(X509_STORE_CTX* check, std::string_view source,
                                  std::string_view wanted);

/// Why a handshake or a record failed, from OpenSSL's error `code`, seen from `side`;
/// `certificate_asked`: the peer asked for our certificate and we have none.
[[nodiscard]] std::string protocol_fault(unsigned long code, TlsSide side, bool certificate_asked);

}  // namespace lariat::net
