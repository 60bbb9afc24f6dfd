#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lariat::sdk {

/// An option of a program's command line.
struct Option {
  std::string_view name;   ///< `--only`
  std::string_view value;  ///< What stands behind it, `NAME`; empty: nothing.
  std::string_view help;
  /// Takes the value; what is wrong with it as one sentence, or nothing.
  std::function<std::string(std::string_view value)> take;
};

/// Reads `arguments`, the program's name not among them: `--only NAME` or `--only=NAME`. The first
/// mistake as one sentence, or nothing.
[[nodiscard]] std::string parse_options(std::span<const char* const> arguments,
                                        std::span<const Option> options);

/// The lines of a help text that describe `options`.
[[nodiscard]] std::string describe(std::span<const Option> options);

/// Takes the value of an option that is a time in seconds, `2.5`: from a millisecond to an hour.
/// What is wrong as one sentence, or nothing.
[[nodiscard]] std::string parse_seconds(std::string_view option, std::string_view text,
                                        std::chrono::milliseconds& time);

}  // namespace lariat::sdk
