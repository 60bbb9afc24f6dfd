#include "agent/config/output_keys.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace lariat::config {
namespace {

constexpr std::array<std::string_view, 10> kSchemes{
    "tsdp",        "tsdp+unix",    "tsdp+tls",        "graphite",         "influx",
    "influx+http", "influx+https", "prometheus+http", "prometheus+https", "bolo"};

constexpr unsigned bit(std::string_view scheme) noexcept {
  for (unsigned i = 0; i < kSchemes.size(); ++i) {
    if (kSchemes[i] == scheme) return 1U << i;
  }
  return 0;
}

constexpr unsigned kAll = (1U << kSchemes.size()) - 1;
constexpr unsigned kTsdp = bit("tsdp") | bit("tsdp+unix") | bit("tsdp+tls");
constexpr unsigned kHttp =
    bit("influx+http") | bit("influx+https") | bit("prometheus+http") | bit("prometheus+https");
constexpr unsigned kInflux = bit("influx") | bit("influx+http") | bit("influx+https");
constexpr unsigned kTls = bit("tsdp+tls") | bit("influx+https") | bit("prometheus+https");

struct Use {
  std::string_view key;
  unsigned schemes;
};
constexpr Use kUses[] = {
    {"heartbeat", kTsdp},
    {"labels", kAll & ~kTsdp},
    {"template", bit("graphite")},
    {"prefix", bit("graphite")},
    {"tags", bit("graphite")},
    {"field", kInflux},
    {"batch", kHttp},
    {"compression", kHttp},
    {"headers", kHttp},
    {"bearer_token", kHttp},
    {"username", kHttp},
    {"password", kHttp},
    {"proxy", kHttp},
    {"tls", kTls},
};

unsigned schemes_of(std::string_view key) noexcept {
  const auto* use = std::ranges::find(kUses, key, &Use::key);
  return use == std::end(kUses) ? kAll : use->schemes;
}

}  // namespace

bool has_key(const base::Url& url, std::string_view key) noexcept {
  return url.scheme.empty() || (schemes_of(key) & bit(url.scheme)) != 0;
}

std::string schemes_with(std::string_view key) {
  const unsigned schemes = schemes_of(key);
  std::string list;
  for (const auto scheme : kSchemes) {
    if ((schemes & bit(scheme)) == 0) continue;
    if (!list.empty()) list += ", ";
    list.append(scheme).append("://");
  }
  return list;
}

}  // namespace lariat::config
