#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "agent/expose/scrape.h"
#include "agent/expose/sources.h"

namespace lariat::expose {

/// The label `path` of `lariat_http_requests_total`.
enum class Path : std::uint8_t { kPage, kMetrics, kStatus, kHealthy, kReady, kOther };
inline constexpr std::array<std::string_view, 6> kPaths = {"/",          "/metrics", "/status",
                                                           "/-/healthy", "/-/ready", "other"};

/// The label `code` of `lariat_http_requests_total`.
enum class Code : std::uint8_t { kOk, kBadRequest, kNotFound, kBadMethod, kUnavailable };
inline constexpr std::array<std::string_view, 5> kCodes = {"200", "400", "404", "405", "503"};
inline constexpr std::array<unsigned, 5> kCodeNumbers = {200, 400, 404, 405, 503};

struct HttpRequest {
  std::string_view method;
  std::string_view path;
  std::optional<std::string_view> scope;  ///< The query's `scope`.
};

struct HttpAnswer {
  Path path = Path::kOther;
  Code code = Code::kOk;
  const char* content_type = "text/plain; charset=utf-8";
  std::string body;
  std::optional<Scope> scrape;  ///< In place of a body.
};

/// What a request gets; the same for HEAD, whose body is left out later.
[[nodiscard]] HttpAnswer answer(const HttpRequest& request, const Sources& sources);

}  // namespace lariat::expose
