#pragma once

#include <string>
#include <vector>

#include "agent/config/load.h"

namespace CLI {  // NOLINT(readability-identifier-naming): not ours.
class App;
}

namespace lariat::app {

inline constexpr const char* kStandardConfig = "/etc/lariat/lariat.json";

/// The option `--config` of each command that looks at the configuration.
void add_config_option(CLI::App& command, std::string& named);
/// Which file the agent takes, and so each command that looks at its configuration: `named` if
/// there is one, else `standard` if it is there. Empty: the built-in default.
[[nodiscard]] std::string choose_config(const std::string& named,
                                        const std::string& standard = kStandardConfig);
/// What the chosen file says, or the built-in default.
[[nodiscard]] config::Loaded load_choice(const std::string& file,
                                         const config::Surroundings& surroundings);
/// One line each, with its line end: `lariat.json:12:14: endpoints.east.url: ...`; warnings say so
/// before the path.
[[nodiscard]] std::string as_lines(const std::vector<config::Mistake>& mistakes,
                                   const std::vector<config::Mistake>& warnings);

}  // namespace lariat::app
