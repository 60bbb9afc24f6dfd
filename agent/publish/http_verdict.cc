#include "agent/publish/http_verdict.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace lariat::publish {
namespace {

constexpr std::chrono::milliseconds kLongestRest = std::chrono::hours(1);

enum Status {
  kBadRequest = 400,
  kUnauthorized = 401,
  kForbidden = 403,
  kNotFound = 404,
  kMethodNotAllowed = 405,
  kProxyAuthentication = 407,
  kRequestTimeout = 408,
  kTooLarge = 413,
  kTooEarly = 425,
  kTooMany = 429,
};

std::string_view advice(int status) noexcept {
  switch (status) {
    case kUnauthorized:
      return "; set \"bearer_token\", or \"username\" and \"password\"";
    case kForbidden:
      return "; these credentials may not write there";
    case kNotFound:
      return "; there is no such path or database: correct the URL";
    case kMethodNotAllowed:
      return "; nothing is to be written at that path: correct the URL";
    case kProxyAuthentication:
      return "; write user and password of the proxy into its URL";
    default:
      return "";
  }
}

}  // namespace

void DroppedCount::take(std::string_view text) noexcept {
  constexpr std::string_view kMark = "dropped=";
  constexpr std::uint64_t kMost = 1'000'000'000;  // More than any batch has.
  for (const char octet : text) {
    if (matched_ == kMark.size() && octet >= '0' && octet <= '9') {
      value_ = std::min(value_ * 10 + static_cast<std::uint64_t>(octet - '0'), kMost);
      continue;
    }
    if (matched_ == kMark.size()) matched_ = 0;
    const std::size_t again = octet == kMark.front() ? 1 : 0;
    matched_ = octet == kMark[matched_] ? matched_ + 1 : again;
    if (matched_ == kMark.size()) value_ = 0;
  }
}

HttpVerdict judge(const HttpAnswer& answer, bool stores_part) noexcept {
  const int status = answer.status;
  if (status >= 200 && status < 300) return HttpVerdict::kTaken;
  if (status >= 300 && status < 400) return HttpVerdict::kMisconfigured;
  if (status < 400 || status >= 500) return HttpVerdict::kBusy;
  switch (status) {
    case kUnauthorized:
    case kForbidden:
    case kNotFound:
    case kMethodNotAllowed:
    case kProxyAuthentication:
      return HttpVerdict::kMisconfigured;
    case kRequestTimeout:
    case kTooEarly:
    case kTooMany:
      return HttpVerdict::kBusy;
    case kTooLarge:
      return HttpVerdict::kTooLarge;
    default:
      break;
  }
  const bool partly = stores_part && status == kBadRequest &&
                      answer.first_line.find("partial write") != std::string::npos;
  return partly ? HttpVerdict::kPartly : HttpVerdict::kRefused;
}

std::string in_words(const HttpAnswer& answer, std::string_view peer) {
  const bool redirect = answer.status >= 300 && answer.status < 400;
  if (redirect && !answer.location.empty()) {
    return fmt::format("{} answers {}: go to {}; write that URL, redirects are not followed", peer,
                       answer.status, answer.location);
  }
  const auto said = answer.first_line.empty() ? "" : ": " + answer.first_line;
  return fmt::format("{} answers {}{}{}", peer, answer.status, said, advice(answer.status));
}

std::optional<std::chrono::milliseconds> retry_after(const std::string& header,
                                                     base::WallTime now) {
  using std::chrono::milliseconds;
  if (header.empty()) return {};
  const bool number =
      std::all_of(header.begin(), header.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (number) {
    std::int64_t seconds = 0;
    const auto end = header.data() + header.size();
    const auto most = std::chrono::duration_cast<std::chrono::seconds>(kLongestRest);
    // What does not fit is long.
    if (std::from_chars(header.data(), end, seconds).ec != std::errc()) seconds = most.count();
    return milliseconds(std::chrono::seconds(std::min<std::int64_t>(seconds, most.count())));
  }
  const auto then = ::curl_getdate(header.c_str(), nullptr);
  if (then < 0) return {};
  const auto wait = base::WallTime(std::chrono::seconds(then)) - now;
  return std::clamp<milliseconds>(wait, milliseconds(0), kLongestRest);
}

}  // namespace lariat::publish
