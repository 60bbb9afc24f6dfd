#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/base/result.h"
#include "agent/config/config.h"

namespace lariat::config {

/// One thing that is wrong in a file: where, what, and what to write instead.
struct Mistake {
  std::string file;
  std::size_t line = 0;    ///< From 1; 0: the file as a whole.
  std::size_t column = 0;  ///< In octets, from 1.
  std::string path;        ///< `endpoints.east.url`; empty at the top.
  std::string text;        ///< One sentence or two.

  friend bool operator==(const Mistake&, const Mistake&) = default;
};
/// `lariat.json:12:14: endpoints.east.url: …`, as compilers print it.
[[nodiscard]] std::string to_string(const Mistake& mistake);

/// What a configuration means depends on where it is read: all of that, so that a test can say it.
struct Surroundings {
  std::string hostname;
  /// A variable of the environment, or nothing.
  std::function<std::optional<std::string>(const std::string& name)> variable;
  /// A whole file of at most 1 MiB, or why not, in one sentence with its path.
  std::function<base::Result<std::string>(const std::string& path)> read_file;
  std::string shipped_collectors;  ///< Folder of the collectors that come with the program.
  std::string runtime_directory;   ///< Folder of the control socket unless it is configured.
};
/// Of this process: host name, environment, files; collectors beside the binary or, for an
/// installed one, in `../lib/lariat/collectors`; `/run/lariat` if this user may write there, else
/// `$XDG_RUNTIME_DIR`, else a folder `lariat-UID` in the temporary folder.
[[nodiscard]] Surroundings real_surroundings();

/// A configuration, or all that is wrong with it. Warnings do not keep it from being used.
struct Loaded {
  std::optional<Config> config;  ///< Only without mistakes.
  std::vector<Mistake> mistakes;
  std::vector<Mistake> warnings;
};

/// Reads JSON with comments. Touches the network never, and of files only `file`, what `@file:` and
/// `@cred:` name, and the schedule file.
[[nodiscard]] Loaded load(const std::string& file, const Surroundings& surroundings);
/// The same of a text that is there already; `file` is how mistakes call it.
[[nodiscard]] Loaded parse(std::string_view text, const std::string& file,
                           const Surroundings& surroundings);
/// What `lariat agent` runs without a configuration.
[[nodiscard]] Config built_in_default(const Surroundings& surroundings);
/// `config` as JSON that loads as the same: every key, with the value that takes effect.
[[nodiscard]] std::string print(const Config& config);

/// A collector, or all that is wrong with its description.
struct LoadedCollector {
  std::optional<Collector> collector;
  std::vector<Mistake> mistakes;
  std::vector<Mistake> warnings;
};
/// The object of a file `collectors.d/NAME.json`. `interval` is the configuration's.
[[nodiscard]] LoadedCollector parse_collector(std::string_view text, const std::string& file,
                                              std::string_view name,
                                              std::chrono::milliseconds interval,
                                              const Surroundings& surroundings);
/// The same, read from `file`.
[[nodiscard]] LoadedCollector load_collector(const std::string& file, std::string_view name,
                                             std::chrono::milliseconds interval,
                                             const Surroundings& surroundings);
/// An executable in `collectors.d`, called `name`: itself, with everything as it is by default.
[[nodiscard]] Collector plain_collector(const std::string& file, std::string_view name,
                                        std::chrono::milliseconds interval);

}  // namespace lariat::config
