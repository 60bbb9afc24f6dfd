#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace lariat::base {

/// When the samples gathered for one request of HTTP go: whichever is reached first.
struct BatchLimits {
  std::uint64_t samples = 2'000;
  std::chrono::milliseconds age{5'000};           ///< Of the oldest of them.
  std::uint64_t bytes = std::uint64_t{1} << 20U;  ///< Of the body before it is compressed.
  friend bool operator==(const BatchLimits&, const BatchLimits&) = default;
};

enum class Compression : std::uint8_t { kNone, kGzip, kSnappy };

/// How a request says who sends it: a token, or user and password.
struct Credentials {
  std::string bearer_token;
  std::string username;  ///< Of basic authentication, with `password`.
  std::string password;
  friend bool operator==(const Credentials&, const Credentials&) = default;
};

enum class TlsVersion : std::uint8_t { k12, k13 };

/// What an endpoint over TLS trusts and shows. Paths are absolute; empty: none.
struct TlsOptions {
  std::string ca;           ///< File of certificates to trust; empty: those of the system.
  std::string certificate;  ///< Shown to the server; with `key`.
  std::string key;
  std::string server_name;  ///< That the server must prove; empty: the URL's host.
  TlsVersion min_version = TlsVersion::k12;
  friend bool operator==(const TlsOptions&, const TlsOptions&) = default;
};

}  // namespace lariat::base
