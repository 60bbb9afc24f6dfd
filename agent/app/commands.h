#pragma once

#include <functional>

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
void add_receive(CLI::App& app, Run& run);
void add_send(CLI::App& app, Run& run);
void add_name(CLI::App& app, Run& run);
void add_bench(CLI::App& app, Run& run);
void add_spool(CLI::App& app, Run& run);

}  // namespace lariat::app
