#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace lariat::publish {

/// What TLS needs; empty is what the system has, or none.
struct HttpTls {
  std::string ca;           ///< File of certificates that are trusted instead of the system's.
  std::string certificate;  ///< File of our own.
  std::string key;          ///< File of its key.
  std::string server_name;  ///< That the certificate has to be for, instead of the host.
  bool only_1_3 = false;    ///< TLS 1.3 and up; else 1.2 and up.

  friend bool operator==(const HttpTls&, const HttpTls&) = default;
};

/// Where requests go, and how.
struct HttpTarget {
  bool secure = false;  ///< https
  std::string host;     ///< Without brackets.
  std::uint16_t port = 0;
  std::string path = "/";  ///< With its query, as it goes out.
  /// Of the user, `Name: value`; they come before those of a request, which win.
  std::vector<std::string> headers;
  std::string username;  ///< Basic authentication, if this or the password is not empty.
  std::string password;
  std::string bearer_token;
  std::string proxy;  ///< `http://host:port`, or empty: none, whatever the environment says.
  HttpTls tls;
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds timeout{30'000};  ///< Of a request, from the connection on.
  std::chrono::milliseconds stall_timeout{30'000};

  friend bool operator==(const HttpTarget&, const HttpTarget&) = default;
};

}  // namespace lariat::publish
