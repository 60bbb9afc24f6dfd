#include "agent/base/url.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace lariat::base {
namespace {

constexpr std::size_t kMaxPath = sizeof(sockaddr_un::sun_path) - 1;
constexpr std::size_t kMaxHost = 253;
constexpr std::size_t kMaxLabel = 63;

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

// A password that stands in the URL must not get into the log.
Error fault(std::string_view text, std::string_view why) {
  const auto at = text.rfind('@');
  return {fmt::format("\"{}{}\" is not a URL to connect to: {}",
                      at == std::string_view::npos ? "" : "...",
                      at == std::string_view::npos ? text : text.substr(at), why)};
}

Result<Url> parse_path(std::string_view text, std::string_view path) {
  if (!path.starts_with('/')) return fault(text, "the path must be absolute, tsdp+unix:///path");
  if (path.ends_with('/')) return fault(text, "the path must name a socket, not a directory");
  if (path.size() > kMaxPath) {
    return fault(text, fmt::format("a path of a socket has {} octets at most", kMaxPath));
  }
  return Url{.scheme = "tsdp+unix", .path = std::string(path)};
}

Result<Url> parse_authority(std::string_view text, std::string_view rest) {
  if (rest.ends_with('/')) rest.remove_suffix(1);
  if (rest.find('/') != std::string_view::npos) {
    return fault(text, "a path has no meaning here, write tsdp://host:port");
  }
  if (rest.find('@') != std::string_view::npos) {
    return fault(text, "a user or password has no meaning here");
  }
  const bool bracketed = rest.starts_with('[');
  const auto host_end = bracketed ? rest.find(']') : rest.find(':');
  if (bracketed && host_end == std::string_view::npos) {
    return fault(text, "the bracket of the IPv6 address is not closed");
  }
  const auto host = bracketed ? rest.substr(1, host_end - 1) : rest.substr(0, host_end);
  const auto after = rest.substr(std::min(rest.size(), host_end + (bracketed ? 1U : 0U)));
  if (!bracketed && after.find(':', 1) != std::string_view::npos) {
    return fault(text, "an IPv6 address is written in brackets, tsdp://[2001:db8::1]:2600");
  }
  if (const auto why = host_fault(host, bracketed)) return fault(text, *why);
  if (after.size() < 2) return fault(text, "the port is missing, write tsdp://host:port");
  const auto port = after.front() == ':' ? port_of(after.substr(1)) : std::nullopt;
  if (!port) return fault(text, "the port must be a number from 0 to 65535");
  return Url{.scheme = "tsdp", .host = std::string(host), .port = *port};
}

}  // namespace

std::string Url::text() const {
  if (is_unix()) return fmt::format("{}://{}", scheme, path);
  if (host.find(':') == std::string::npos) return fmt::format("{}://{}:{}", scheme, host, port);
  return fmt::format("{}://[{}]:{}", scheme, host, port);
}

Result<Url> parse_url(std::string_view text) {
  const auto blank = [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == '\x7f'; };
  if (std::any_of(text.begin(), text.end(), blank)) {
    return Error{"a URL has no blanks or control characters, write tsdp://host:port"};
  }
  const auto colon = text.find("://");
  if (colon == std::string_view::npos || colon == 0) {
    return fault(text, "write tsdp://host:port or tsdp+unix:///path");
  }
  std::string scheme(text.substr(0, colon));
  std::transform(scheme.begin(), scheme.end(), scheme.begin(), lower);
  const auto rest = text.substr(colon + 3);
  if (rest.find_first_of("?#") != std::string_view::npos) {
    return fault(text, "a query or fragment has no meaning here");
  }
  if (scheme == "tsdp") return parse_authority(text, rest);
  if (scheme == "tsdp+unix") return parse_path(text, rest);
  return fault(text,
               fmt::format("this version cannot speak \"{}\", only tsdp and tsdp+unix", scheme));
}

}  // namespace lariat::base
