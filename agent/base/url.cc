#include "agent/base/url.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <optional>
#include <utility>

namespace lariat::base {
namespace {

constexpr std::size_t kMaxPath = sizeof(sockaddr_un::sun_path) - 1;
constexpr std::size_t kMaxHost = 253;
constexpr std::size_t kMaxLabel = 63;
constexpr std::size_t kMaxTarget = 2000;

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_of_name(char c) noexcept {
  return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z') || c == '-' || c == '_';
}

bool is_literal(int family, std::string_view text) {
  std::array<unsigned char, sizeof(in6_addr)> address{};
  return ::inet_pton(family, std::string(text).c_str(), address.data()) == 1;
}

// The rule of browsers: a last label that is a number makes the whole an address, good or bad.
bool looks_like_ipv4(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  const auto last = host.substr(host.rfind('.') + 1);  // npos + 1 is 0.
  if (last.starts_with("0x") || last.starts_with("0X")) return true;
  return !last.empty() && std::all_of(last.begin(), last.end(), is_digit);
}

bool is_name(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  if (host.empty() || host.size() > kMaxHost) return false;
  while (true) {
    const auto label = host.substr(0, host.find('.'));
    if (label.empty() || label.size() > kMaxLabel) return false;
    if (label.front() == '-' || label.back() == '-') return false;
    if (!std::all_of(label.begin(), label.end(), is_of_name)) return false;
    if (label.size() == host.size()) return true;
    host.remove_prefix(label.size() + 1);
  }
}

/// Why it cannot be a host, or nothing.
std::optional<std::string> host_fault(std::string_view host, bool bracketed) {
  if (bracketed) {
    if (host.find('%') != std::string_view::npos) {
      return "a scope as in fe80::1%eth0 is not supported; use an address without one";
    }
    if (is_literal(AF_INET6, host)) return std::nullopt;
    return fmt::format("\"{}\" is not an IPv6 address", host);
  }
  if (host.empty()) return "the host is missing; write a name, an address, or [::] for all of them";
  if (looks_like_ipv4(host)) {
    if (is_literal(AF_INET, host)) return std::nullopt;
    return fmt::format("\"{}\" is not an IPv4 address of four numbers up to 255", host);
  }
  if (is_name(host)) return std::nullopt;
  return fmt::format("\"{}\" is not a host name", host);
}

std::optional<std::uint16_t> port_of(std::string_view text) noexcept {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return port;
}

/// What a scheme wants behind `://`.
struct Scheme {
  enum class Rest { kNone, kPath, kTarget };
  std::string_view name;
  Rest rest = Rest::kNone;
  std::uint16_t port = 0;    // Where none is written; 0: it must be.
  std::string_view example;  // What to write.
};

constexpr std::string_view kUnix = "tsdp+unix";
constexpr std::string_view kInflux = "influx+";
constexpr Scheme kSchemes[] = {
    {"tsdp", Scheme::Rest::kNone, 0, "tsdp://host:port"},
    {"tsdp+tls", Scheme::Rest::kNone, 0, "tsdp+tls://host:port"},
    {kUnix, Scheme::Rest::kPath, 0, "tsdp+unix:///path"},
    {"graphite", Scheme::Rest::kNone, 2003, "graphite://host:2003"},
    {"influx", Scheme::Rest::kNone, 0, "influx://host:port"},
    {"influx+http", Scheme::Rest::kTarget, 8086, "influx+http://host:8086/write?db=NAME"},
    {"influx+https", Scheme::Rest::kTarget, 0, "influx+https://host:8086/write?db=NAME"},
    {"prometheus+http", Scheme::Rest::kTarget, 0, "prometheus+http://host:9090/api/v1/write"},
    {"prometheus+https", Scheme::Rest::kTarget, 0, "prometheus+https://host:443/api/v1/write"},
    {"bolo", Scheme::Rest::kNone, 2999, "bolo://host:2999"},
};

const Scheme* find_scheme(std::string_view name) noexcept {
  const auto* found = std::ranges::find(kSchemes, name, &Scheme::name);
  return found == std::end(kSchemes) ? nullptr : found;
}

// A password that stands in the URL must not get into the log.
std::string shown(std::string_view text) {
  const auto query = text.find('?');
  const auto at = text.rfind('@');
  const bool asks = query != std::string_view::npos;
  if (at == std::string_view::npos)
    return fmt::format("{}{}", text.substr(0, query), asks ? "?..." : "");
  // Which of the two the user info ends with, or the query begins with, is anybody's guess.
  return fmt::format("...{}", asks ? std::string_view() : text.substr(at));
}

Error fault(std::string_view text, std::string_view why) {
  return {fmt::format("\"{}\" is not a URL to connect to: {}", shown(text), why)};
}

Result<Url> parse_path(std::string_view text, std::string_view path) {
  if (path.find_first_of("?#") != std::string_view::npos) {
    return fault(text, "a query or fragment has no meaning here");
  }
  if (!path.starts_with('/')) return fault(text, "the path must be absolute, tsdp+unix:///path");
  if (path.ends_with('/')) return fault(text, "the path must name a socket, not a directory");
  if (path.size() > kMaxPath) {
    return fault(text, fmt::format("a path of a socket has {} octets at most", kMaxPath));
  }
  return Url{.scheme = std::string(kUnix), .path = std::string(path)};
}

// Host and port, of `rest` without what follows them.
Result<Url> parse_authority(std::string_view text, std::string_view rest, const Scheme& scheme) {
  const bool bracketed = rest.starts_with('[');
  const auto host_end = bracketed ? rest.find(']') : rest.find(':');
  if (bracketed && host_end == std::string_view::npos) {
    return fault(text, "the bracket of the IPv6 address is not closed");
  }
  const auto host = bracketed ? rest.substr(1, host_end - 1) : rest.substr(0, host_end);
  const auto after = rest.substr(std::min(rest.size(), host_end + (bracketed ? 1U : 0U)));
  if (!bracketed && after.find(':', 1) != std::string_view::npos) {
    return fault(text, fmt::format("an IPv6 address is written in brackets, {}://[2001:db8::1]:{}",
                                   scheme.name, scheme.port == 0 ? 2600 : scheme.port));
  }
  if (const auto why = host_fault(host, bracketed)) return fault(text, *why);
  Url url{.scheme = std::string(scheme.name), .host = std::string(host), .port = scheme.port};
  if (after.empty() && scheme.port != 0) return url;
  if (after.size() < 2) {
    return fault(text, fmt::format("the port is missing, write {}", scheme.example));
  }
  const auto port = after.front() == ':' ? port_of(after.substr(1)) : std::nullopt;
  if (!port) return fault(text, "the port must be a number from 0 to 65535");
  url.port = *port;
  return url;
}

// Why a query cannot be used, or nothing; it gets our precision.
std::optional<std::string> take_query(const Scheme& scheme, std::string& target) {
  const bool influx = scheme.name.starts_with(kInflux);
  const auto query = target.find('?');
  bool precise = false;
  auto rest =
      query == std::string::npos ? std::string_view() : std::string_view(target).substr(query + 1);
  while (!rest.empty()) {
    const auto pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    const auto key = pair.substr(0, pair.find('='));
    constexpr std::array<std::string_view, 5> kSecrets{"password", "token", "access_token",
                                                       "api_key", "apikey"};
    const bool of_influx = influx && (key == "u" || key == "p");
    if (of_influx || std::find(kSecrets.begin(), kSecrets.end(), key) != kSecrets.end()) {
      return "a password in a query gets into the logs of servers; write the keys \"username\" and "
             "\"password\", or \"bearer_token\", of the endpoint instead";
    }
    if (!influx || key != "precision") continue;
    if (pair != "precision=s" || precise) {
      return "times are written in seconds: leave \"precision\" out";
    }
    precise = true;
  }
  if (influx && !precise) target += query == std::string::npos ? "?precision=s" : "&precision=s";
  return std::nullopt;
}

Result<Url> parse_http(std::string_view text, std::string_view rest, const Scheme& scheme) {
  if (rest.find('#') != std::string_view::npos) {
    return fault(text, "a fragment has no meaning here");
  }
  const auto slash = rest.find_first_of("/?");
  auto url = parse_authority(text, rest.substr(0, slash), scheme);
  if (!url) return url;
  std::string target(slash == std::string_view::npos ? std::string_view() : rest.substr(slash));
  if (target.size() < 2 || target.front() != '/' || target[1] == '?') {
    return fault(text, fmt::format("the path is missing, write {}", scheme.example));
  }
  if (target.size() > kMaxTarget) {
    return fault(text, fmt::format("path and query have {} octets at most", kMaxTarget));
  }
  const auto is_plain = [](char c) { return c > ' ' && c < '\x7f' && c != '"' && c != '\\'; };
  if (!std::all_of(target.begin(), target.end(), is_plain)) {
    return fault(text, "path and query are printable ASCII; write any other octet as %NN");
  }
  if (const auto why = take_query(scheme, target)) return fault(text, *why);
  url->target = std::move(target);
  return url;
}

Result<Url> parse_rest(std::string_view text, std::string_view rest, const Scheme& scheme) {
  if (scheme.rest == Scheme::Rest::kPath) return parse_path(text, rest);
  const bool http = scheme.rest == Scheme::Rest::kTarget;
  if (rest.substr(0, rest.find_first_of("/?#")).find('@') != std::string_view::npos) {
    return fault(text, http
                           ? "a user or password does not belong into a URL, which is shown; write "
                             "the keys \"username\" and \"password\" of the endpoint instead"
                           : "a user or password has no meaning here");
  }
  if (http) return parse_http(text, rest, scheme);
  if (rest.find_first_of("?#") != std::string_view::npos) {
    return fault(text, "a query or fragment has no meaning here");
  }
  if (rest.ends_with('/')) rest.remove_suffix(1);
  if (rest.find('/') != std::string_view::npos) {
    return fault(text, fmt::format("a path has no meaning here, write {}", scheme.example));
  }
  return parse_authority(text, rest, scheme);
}

std::string known_schemes() {
  std::string list;
  for (const Scheme& scheme : kSchemes) list.append(list.empty() ? "" : ", ").append(scheme.name);
  return list;
}

std::string authority(const Url& url) {
  const bool brackets = url.host.find(':') != std::string::npos;
  return brackets ? fmt::format("[{}]:{}", url.host, url.port)
                  : fmt::format("{}:{}", url.host, url.port);
}

}  // namespace

bool Url::is_tls() const noexcept { return scheme == "tsdp+tls" || scheme.ends_with("+https"); }

bool Url::is_tsdp() const noexcept { return scheme == "tsdp" || scheme.starts_with("tsdp+"); }

std::string Url::text() const {
  if (is_unix()) return fmt::format("{}://{}", scheme, path);
  return fmt::format("{}://{}{}", scheme, authority(*this), target);
}

std::string Url::http_text() const {
  return fmt::format("{}://{}{}", is_tls() ? "https" : "http", authority(*this), target);
}

Result<Url> parse_url(std::string_view text) {
  const auto blank = [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == '\x7f'; };
  if (std::any_of(text.begin(), text.end(), blank)) {
    return Error{"a URL has no blanks or control characters, write tsdp://host:port"};
  }
  const auto colon = text.find("://");
  if (colon == std::string_view::npos || colon == 0) {
    return fault(text, "write tsdp://host:port or another scheme: " + known_schemes());
  }
  std::string name(text.substr(0, colon));
  std::transform(name.begin(), name.end(), name.begin(), lower);
  const Scheme* scheme = find_scheme(name);
  if (scheme == nullptr) {
    return fault(text,
                 fmt::format("this version cannot speak \"{}\", only {}", name, known_schemes()));
  }
  return parse_rest(text, text.substr(colon + 3), *scheme);
}

}  // namespace lariat::base
