#include "collectors/sdk/os_release.h"

#include <algorithm>

#include "collectors/sdk/scan.h"

namespace lariat::sdk {
namespace {

std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace

std::optional<std::string> os_release_value(std::string_view text, std::string_view key) {
  std::string_view line;
  while (take_line(text, line)) {
    if (!line.starts_with(key) || line.substr(key.size()).substr(0, 1) != "=") continue;
    std::string_view spelled = trim(line.substr(key.size() + 1));
    const bool quoted = spelled.size() >= 2 &&
                        (spelled.front() == '"' || spelled.front() == '\'') &&
                        spelled.back() == spelled.front();
    if (quoted) spelled = spelled.substr(1, spelled.size() - 2);
    std::string value;
    for (std::size_t i = 0; i < spelled.size(); ++i) {
      if (spelled[i] == '\\' && i + 1 < spelled.size()) ++i;
      value += spelled[i];
    }
    return value;
  }
  return std::nullopt;
}

}  // namespace lariat::sdk
