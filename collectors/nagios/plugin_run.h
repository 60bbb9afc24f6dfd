#pragma once

#include <chrono>
#include <functional>

#include "proto/line_splitter.h"
#include "proto/nagios_output.h"

namespace lariat::nagios {

using LineTaker = std::function<void(const proto::LineSplitter::Line& line)>;

/// Runs a plugin to its end and hands out its output's lines. Its standard input is empty, its
/// standard error ours. After `timeout` the group that it leads gets SIGTERM, and a second later
/// SIGKILL; what it had printed counts. A SIGTERM, SIGINT or SIGHUP to us kills the group, and then
/// us. Nothing of its group outlives it. `command` ends with a null; it is looked for in PATH.
[[nodiscard]] proto::PluginEnd run_plugin(char* const* command, std::chrono::milliseconds timeout,
                                          const LineTaker& take_line);

}  // namespace lariat::nagios
