#pragma once

#include <functional>
#include <span>

namespace CLI {  // NOLINT(readability-identifier-naming): not ours.
class App;
}

namespace lariat::app {

inline constexpr int kGood = 0;
inline constexpr int kFailed = 1;      ///< The thing asked for failed.
inline constexpr int kWrongUse = 2;    ///< Wrong use of the command line.
inline constexpr int kBadConfig = 78;  ///< EX_CONFIG of sysexits.h.

/// What the chosen subcommand does; returns the exit status.
using Run = std::function<int()>;

/// Each adds its subcommand to `app`, and sets `run` when that one is chosen.
void add_agent(CLI::App& app, Run& run);
void add_receive(CLI::App& app, Run& run);
void add_send(CLI::App& app, Run& run);
void add_status(CLI::App& app, Run& run);
void add_name(CLI::App& app, Run& run);
void add_bench(CLI::App& app, Run& run);
void add_spool(CLI::App& app, Run& run);
void add_check(CLI::App& app, Run& run);
void add_collect(CLI::App& app, Run& run);

/// `lariat exec …`, by which collectors are started: becomes a program, or says why not and gives
/// back an exit status. Nobody else's command: it is not among the subcommands.
[[nodiscard]] int exec_command(std::span<char* const> words);

}  // namespace lariat::app
