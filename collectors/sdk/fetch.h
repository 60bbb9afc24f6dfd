#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace lariat::sdk {

/// What to ask a server of HTTP for.
struct FetchRequest {
  std::string url;          ///< `http://…`, `https://…`
  std::string unix_socket;  ///< A path to connect to in place of the URL's host; may be empty.
  std::string method = "GET";
  std::vector<std::string> headers;  ///< `Name: value`
  std::string ca;                    ///< File of certificates to trust; empty: the system's.
  std::chrono::milliseconds timeout{5000};
  std::size_t most_octets = std::size_t{10} << 20U;  ///< Of the body, unpacked.
  bool insecure = false;                             ///< Whoever the certificate is of.
  bool follow = false;                               ///< Up to 10 redirects.
  bool compressed = false;                           ///< Asks for a packed body.
};

/// What has come.
struct FetchResponse {
  std::string fault;  ///< Why there is none, as one sentence; what was there by then counts.
  long status = 0;    ///< 0: none came.
  std::string body;
  /// Since its beginning, or since the last redirect, in seconds; 0 for what has not taken place.
  double resolved = 0;
  double connected = 0;
  double encrypted = 0;    ///< The handshake of TLS is over.
  double asked = 0;        ///< The request can go out.
  double first_octet = 0;  ///< Of the answer.
  double total = 0;
  long redirects = 0;
  double http_version = 0;  ///< 1.1, 2.
  std::optional<std::int64_t> content_length;
  /// Of the server's chain, the earliest end of a certificate, in seconds since 1970.
  std::optional<std::int64_t> certificate_expiry;
};

/// Asks all at once, each on a connection of its own, and waits until each has come, failed or
/// reached its time-out. Responses are in the order of requests. Nothing of the environment (a
/// proxy) is used, and no other protocol than HTTP.
[[nodiscard]] std::vector<FetchResponse> fetch(std::span<const FetchRequest> requests);

/// Whether libcurl takes it for a URL of HTTP; what is wrong as one sentence, or nothing.
[[nodiscard]] std::string check_url(const std::string& url);

}  // namespace lariat::sdk
