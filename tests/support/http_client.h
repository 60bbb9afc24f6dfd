#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "tests/support/process.h"

namespace lariat::test {

struct HttpAnswer {
  int status = 0;  ///< 0: no answer in time, or none that is HTTP.
  std::string headers;
  std::string body;
};

/// Sends `request` to 127.0.0.1:`port`, as it is, and reads until the server closes.
[[nodiscard]] HttpAnswer http_send(std::uint16_t port, std::string_view request,
                                   std::chrono::milliseconds patience = kPatience);
/// GET of `path`, on a connection of its own.
[[nodiscard]] HttpAnswer http_get(std::uint16_t port, std::string_view path,
                                  std::chrono::milliseconds patience = kPatience);

}  // namespace lariat::test
