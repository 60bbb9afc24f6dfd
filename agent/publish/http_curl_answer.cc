// What a request came to: libcurl's codes as our values and words.

#include <fmt/format.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <system_error>

#include "agent/base/units.h"
#include "agent/publish/http_curl.h"

namespace lariat::publish {
namespace {

constexpr std::size_t kMaxLine = 512;
// Read on for the sake of the connection, and no further.
constexpr std::size_t kMaxBody = std::size_t{64} << 10U;
// A smaller body goes out with the head, and libcurl 7.88 counts it there.
constexpr std::size_t kWithHead = std::size_t{64} << 10U;
constexpr std::size_t kMaxHeaders = std::size_t{64} << 10U;

char printable(char c) noexcept {
  const auto octet = static_cast<unsigned char>(c);
  return octet >= ' ' && octet < 0x7fU ? c : '?';
}

std::string trimmed(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  std::string out(text.substr(0, kMaxLine));
  std::transform(out.begin(), out.end(), out.begin(), printable);
  return out;
}

/// The value, if `line` is that header.
std::optional<std::string> value_of(std::string_view line, std::string_view name) {
  if (line.size() <= name.size() || line[name.size()] != ':') return {};
  if (::strncasecmp(line.data(), name.data(), name.size()) != 0) return {};
  return trimmed(line.substr(name.size() + 1));
}

bool is_of_tls(CURLcode code) noexcept {
  switch (code) {
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_SSL_ENGINE_SETFAILED:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_CLIENTCERT:
      return true;
    default:
      return false;
  }
}

std::optional<std::string> fault_of_file(const std::string& path, bool secret) {
  struct stat state {};
  if (::stat(path.c_str(), &state) != 0) {
    return fmt::format("cannot read {}: {}", path, std::generic_category().message(errno));
  }
  const bool trusted = state.st_gid == 0 || state.st_gid == ::getegid();
  const mode_t others = S_IRWXO | (trusted ? 0U : static_cast<mode_t>(S_IRWXG));
  if (!secret || (state.st_mode & others) == 0) return {};
  return fmt::format("others may read the key {}; write: chmod {} {}", path,
                     trusted ? "o=" : "go=", path);
}

}  // namespace

HttpRoute route_of(const HttpTarget& target) {
  if (target.proxy.empty()) return {target.host, target.port};
  std::string_view rest = target.proxy;
  if (const auto scheme = rest.find("://"); scheme != std::string_view::npos) {
    rest.remove_prefix(scheme + 3);
  }
  if (const auto at = rest.rfind('@'); at != std::string_view::npos) rest.remove_prefix(at + 1);
  rest = rest.substr(0, rest.find('/'));
  constexpr std::uint16_t kUsual = 1080;  // libcurl's, of a proxy without a port.
  HttpRoute route{.port = kUsual};
  const bool bracket = rest.starts_with('[');
  const auto end = bracket ? rest.find(']') : rest.find(':');
  route.host = rest.substr(bracket ? 1 : 0, end - (bracket ? 1U : 0U));
  const auto colon = rest.find(':', bracket && end != std::string_view::npos ? end : 0);
  if (colon != std::string_view::npos) {
    std::from_chars(rest.data() + colon + 1, rest.data() + rest.size(), route.port);
  }
  return route;
}

std::optional<std::string> unsafe_files(const TlsOptions& tls) {
  for (const auto* path : {&tls.ca, &tls.certificate}) {
    if (path->empty()) continue;
    if (auto why = fault_of_file(*path, false)) return why;
  }
  return tls.key.empty() ? std::nullopt : fault_of_file(tls.key, true);
}

std::int64_t HttpClient::Curl::number(CURLINFO what) const noexcept {
  const auto type = static_cast<unsigned>(what) & static_cast<unsigned>(CURLINFO_TYPEMASK);
  if (type == CURLINFO_OFF_T) {
    curl_off_t value = 0;
    ::curl_easy_getinfo(easy_.get(), what, &value);
    return value;
  }
  long value = 0;
  ::curl_easy_getinfo(easy_.get(), what, &value);
  return value;
}

std::string HttpClient::Curl::text(CURLINFO what) const {
  const char* value = nullptr;
  ::curl_easy_getinfo(easy_.get(), what, &value);
  return value == nullptr ? std::string() : std::string(value);
}

// Of a connection that was there before libcurl tells no times.
bool HttpClient::Curl::connected() const noexcept {
  const auto made = owner_.target_.secure ? CURLINFO_APPCONNECT_TIME_T : CURLINFO_CONNECT_TIME_T;
  return reuses_ || number(made) > 0;
}

HttpAnswer HttpClient::Curl::answer_of(CURLcode code) {
  const auto ip = text(CURLINFO_PRIMARY_IP);
  const auto port = static_cast<std::uint16_t>(number(CURLINFO_PRIMARY_PORT));
  const auto address = net::Address::from_literal(ip, port);
  owner_.peer_ = address ? address->text() : ip;
  owner_.stats_.bytes_sent += static_cast<std::uint64_t>(number(CURLINFO_REQUEST_SIZE));
  if (owner_.body_.size() >= kWithHead) {
    owner_.stats_.bytes_sent += static_cast<std::uint64_t>(number(CURLINFO_SIZE_UPLOAD_T));
  }
  const auto status = static_cast<int>(number(CURLINFO_RESPONSE_CODE));
  if (number(CURLINFO_CONNECT_TIME_T) > 0 && number(CURLINFO_NUM_CONNECTS) > 0) {
    ++owner_.stats_.connects;
  }
  // We have cut it short ourselves: what it says is known.
  const bool cut = code == CURLE_WRITE_ERROR && too_long_ && status != 0;
  // The status counts, whatever becomes of the body.
  const bool told = connected() && headed_ && status >= 200;
  if (code != CURLE_OK && !cut && !told) return failure_of(code);
  return {.end = HttpEnd::kAnswered,
          .status = status,
          .first_line = first_line_,
          .retry_after = retry_after_,
          .location = location_,
          .dropped = dropped_.value()};
}

HttpAnswer HttpClient::Curl::failure_of(CURLcode code) {
  if (!connected()) return not_connected(code);
  const auto peer = owner_.peer_;
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return {.end = HttpEnd::kTimedOut,
              .detail = fmt::format("{} has not answered for {}", peer,
                                    base::format_duration(owner_.target_.timeout))};
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
      return {.end = HttpEnd::kClosed,
              .detail = fmt::format("{} closed the connection before it had answered", peer)};
    default:
      return {.end = HttpEnd::kBroken,
              .detail = fmt::format("request to {}: {}{}", peer, words_of(code), hint())};
  }
}

HttpAnswer HttpClient::Curl::not_connected(CURLcode code) {
  using net::ConnectFailure;
  const auto error = static_cast<int>(number(CURLINFO_OS_ERRNO));
  auto failure = ConnectFailure::kOther;
  std::string why = words_of(code);
  if (is_of_tls(code)) {
    failure = ConnectFailure::kTls;
  } else if (code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_RESOLVE_PROXY) {
    failure = ConnectFailure::kResolve;
  } else if (code == CURLE_OPERATION_TIMEDOUT || error == ETIMEDOUT) {
    failure = ConnectFailure::kTimeout;
    why = fmt::format("no answer within {}", base::format_duration(owner_.target_.connect_timeout));
  } else if (error != 0) {
    if (error == ECONNREFUSED || error == ECONNRESET) failure = ConnectFailure::kRefused;
    why = std::generic_category().message(error);
  }
  const auto route = route_of(owner_.target_);
  const auto* what = owner_.target_.proxy.empty() ? "" : "the proxy ";
  return {
      .end = HttpEnd::kNotConnected,
      .failure = failure,
      .detail = fmt::format("cannot connect to {}{}:{}: {}", what, route.host, route.port, why)};
}

std::string HttpClient::Curl::words_of(CURLcode code) const {
  if (error_[0] != '\0') return trimmed(error_.data());
  return ::curl_easy_strerror(code);
}

// With TLS 1.3 a server refuses a client only after the handshake.
std::string_view HttpClient::Curl::hint() const noexcept {
  const auto& target = owner_.target_;
  const bool suspect = target.secure && target.tls.certificate.empty();
  if (!suspect || number(CURLINFO_NUM_CONNECTS) == 0) return "";
  return "; it may want a client certificate: write \"tls\": {\"certificate\": FILE, \"key\": "
         "FILE}";
}

std::size_t HttpClient::Curl::take_body(char* octets, std::size_t one, std::size_t count,
                                        void* self) noexcept {
  auto* curl = static_cast<Curl*>(self);
  const auto size = one * count;
  for (std::size_t i = 0; i < size && !curl->line_ended_; ++i) {
    if (octets[i] == '\n' || octets[i] == '\r' || curl->first_line_.size() == kMaxLine) {
      // Blank lines before it are none.
      curl->line_ended_ = !curl->first_line_.empty();
    } else {
      curl->first_line_ += printable(octets[i]);
    }
  }
  curl->dropped_.take({octets, size});
  curl->body_bytes_ += size;
  if (curl->body_bytes_ <= kMaxBody) return size;
  curl->too_long_ = true;
  return 0;
}

std::size_t HttpClient::Curl::take_header(char* octets, std::size_t one, std::size_t count,
                                          void* self) noexcept {
  auto* curl = static_cast<Curl*>(self);
  const auto size = one * count;
  const std::string_view line(octets, size);
  if (line.starts_with("HTTP/")) curl->headed_ = false;
  if (line == "\r\n" || line == "\n") curl->headed_ = true;
  if (auto value = value_of(line, "Retry-After")) curl->retry_after_ = std::move(*value);
  if (auto value = value_of(line, "Location")) curl->location_ = std::move(*value);
  curl->header_bytes_ += size;
  if (curl->header_bytes_ <= kMaxHeaders) return size;
  curl->too_long_ = true;
  return 0;
}

}  // namespace lariat::publish
