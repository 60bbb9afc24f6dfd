#include "agent/config/listen.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include <array>
#include <string>

#include "agent/base/url.h"
#include "agent/config/values.h"

namespace lariat::config {
namespace {

bool is_literal(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> address{};
  return ::inet_pton(AF_INET, host.c_str(), address.data()) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), address.data()) == 1;
}

}  // namespace

std::optional<Listen> read_listen(const Value& value) {
  const auto text = value.text("an address to listen on", "\"127.0.0.1:9299\"");
  if (!text) return std::nullopt;
  if (text->starts_with(':') || text->starts_with('*')) {
    const auto port = text->substr(text->find(':') + 1);
    value.mistake(
        fmt::format("{} has no address; write 127.0.0.1:{} for this host alone, or "
                    "[::]:{} for everyone",
                    quoted(*text), shown(port, 10), shown(port, 10)));
    return std::nullopt;
  }
  const auto url = base::parse_url("tsdp://" + *text);
  if (!url || text->ends_with('/')) {
    value.mistake(
        fmt::format("{} is not an address and a port; write them as 127.0.0.1:9299, "
                    "[::1]:9299 or localhost:9299",
                    quoted(*text)));
    return std::nullopt;
  }
  if (url->host != "localhost" && !is_literal(url->host)) {
    value.mistake(
        fmt::format("{} is a name, and none but localhost is looked up; write an address "
                    "as 127.0.0.1:9299 or [::1]:9299",
                    quoted(url->host)));
    return std::nullopt;
  }
  return Listen{url->host, url->port};
}

std::optional<ServerTls> read_server_tls(const Value& value) {
  constexpr std::string_view kExample =
      R"({"certificate": "/etc/lariat/tls.pem", "key": "/etc/lariat/tls.key"})";
  auto object = Object::of(value, kExample);
  if (!object) return std::nullopt;
  ServerTls tls;
  const auto path = [](const Value& at) { return absolute_path(at, "/etc/lariat/tls.pem"); };
  const auto certificate = object->find("certificate");
  const auto key = object->find("key");
  if (certificate) tls.certificate = path(*certificate).value_or("");
  if (key) tls.key = path(*key).value_or("");
  object->set_unless_null("client_ca", tls.client_ca, path);
  object->finish();
  if (!certificate || !key) {
    value.mistake(fmt::format("a server needs \"certificate\" and \"key\"; write {}", kExample));
  }
  return tls;
}

}  // namespace lariat::config
