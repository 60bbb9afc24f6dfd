#include "collectors/sdk/options.h"

#include <algorithm>

#include "collectors/sdk/scan.h"

namespace lariat::sdk {
namespace {

std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

std::string needs_value(std::string_view name, const Option& option) {
  return quoted(name) + " needs a value: " + std::string(name) + ' ' + std::string(option.value);
}

}  // namespace

std::string parse_options(std::span<const char* const> arguments, std::span<const Option> options) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view argument = arguments[i];
    const std::size_t equals = argument.find('=');
    const std::string_view name = argument.substr(0, equals);
    const auto option = std::ranges::find(options, name, &Option::name);
    if (option == options.end()) return quoted(argument) + " is not an option: see --help";

    std::string_view value;
    const bool attached = equals != argument.npos;
    if (attached && option->value.empty()) return quoted(name) + " takes no value";
    if (attached) {
      value = argument.substr(equals + 1);
    } else if (!option->value.empty()) {
      if (++i == arguments.size()) return needs_value(name, *option);
      value = arguments[i];
    }
    if (std::string fault = option->take(value); !fault.empty()) return fault;
  }
  return {};
}

std::string describe(std::span<const Option> options) {
  constexpr std::size_t kColumn = 18;
  std::string text;
  for (const Option& option : options) {
    std::string left = "  " + std::string(option.name);
    if (!option.value.empty()) left += ' ' + std::string(option.value);
    left.resize(std::max(kColumn, left.size() + 1), ' ');
    text += left + std::string(option.help) + '\n';
  }
  return text;
}

std::string parse_seconds(std::string_view option, std::string_view text,
                          std::chrono::milliseconds& time) {
  constexpr double kMillisecondsInASecond = 1000;
  constexpr double kMostSeconds = 3600;
  const auto seconds = parse<double>(text);
  const bool good = seconds && *seconds * kMillisecondsInASecond >= 1 && *seconds <= kMostSeconds;
  if (!good) return std::string(option) + " needs a time in seconds, as 2.5";
  time = std::chrono::milliseconds(static_cast<long>(*seconds * kMillisecondsInASecond));
  return {};
}

}  // namespace lariat::sdk
