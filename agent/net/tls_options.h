#pragma once

#include <string>

namespace lariat::net {

enum class TlsVersion { k12, k13 };
enum class TlsSide { kClient, kServer };

/// What a configuration says of TLS. All files are PEM; an empty name is none.
struct TlsOptions {
  /// CAs that the peer's certificate may be signed by. Empty: of a client the system's store; of a
  /// server, that its clients need no certificate.
  std::string ca;
  std::string certificate;  ///< Ours, then those between it and its CA. A server needs one.
  std::string key;          ///< Of `certificate`, not encrypted, readable by nobody else.
  /// Name or address that the server's certificate must have; empty: the host connected to.
  std::string server_name;
  TlsVersion min_version = TlsVersion::k12;

  friend bool operator==(const TlsOptions&, const TlsOptions&) = default;
};

}  // namespace lariat::net
