#include "collectors/linux/mountinfo.h"

#include <algorithm>

#include "collectors/sdk/scan.h"

namespace lariat::host {
namespace {

bool is_octal(char c) noexcept { return c >= '0' && c <= '7'; }

bool has_option(std::string_view options, std::string_view wanted) noexcept {
  while (!options.empty()) {
    const std::string_view option = options.substr(0, options.find(','));
    if (option == wanted) return true;
    options.remove_prefix(std::min(option.size() + 1, options.size()));
  }
  return false;
}

}  // namespace

// ID PARENT MAJOR:MINOR ROOT POINT OPTIONS FIELDS… - TYPE DEVICE OPTIONS. Read-only is a mount's
// own option, or one of what is mounted.
std::optional<Mount> parse_mount(std::string_view line) {
  constexpr int kFieldsBeforePoint = 4;
  for (int i = 0; i < kFieldsBeforePoint; ++i) {
    if (sdk::take_word(line).empty()) return std::nullopt;
  }
  const std::string_view point = sdk::take_word(line);
  const std::string_view options = sdk::take_word(line);
  for (std::string_view word; (word = sdk::take_word(line)) != "-";) {
    if (word.empty()) return std::nullopt;
  }
  const std::string_view type = sdk::take_word(line);
  // An empty device is two blanks.
  std::string_view device;
  if (!line.starts_with("  ")) device = sdk::take_word(line);
  const std::string_view super_options = sdk::take_word(line);
  if (!point.starts_with('/') || type.empty()) return std::nullopt;
  return Mount{.point = unescape_mount(point),
               .type = std::string(type),
               .device = unescape_mount(device),
               .read_only = has_option(options, "ro") || has_option(super_options, "ro")};
}

std::string unescape_mount(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  while (!text.empty()) {
    const bool escape = text.size() >= 4 && text[0] == '\\' && text[1] >= '0' && text[1] <= '3' &&
                        is_octal(text[2]) && is_octal(text[3]);
    if (!escape) {
      plain += text.front();
      text.remove_prefix(1);
      continue;
    }
    plain += static_cast<char>((text[1] - '0') * 64 + (text[2] - '0') * 8 + (text[3] - '0'));
    text.remove_prefix(4);
  }
  return plain;
}

}  // namespace lariat::host
