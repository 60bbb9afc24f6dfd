#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "agent/base/result.h"
#include "agent/base/unique_fd.h"
#include "agent/collect/exec_settings.h"

namespace lariat::collect {

/// A program to start.
struct Program {
  std::string exec_program;  ///< Path of `lariat`, which becomes it where that takes its time.
  ExecSettings settings;     ///< `report` and `parent` are set here.
  std::vector<std::string> environment;  ///< All of it, `KEY=VALUE`.
  bool wants_input = false;              ///< A pipe as its standard input, else /dev/null.
};

/// A program that was started, and our ends of its pipes.
struct Spawned {
  pid_t pid = -1;
  base::UniqueFd ended;  ///< A pidfd: readable when it has ended.
  base::UniqueFd input;  ///< Non-blocking; if it was wanted.
  base::UniqueFd output;
  base::UniqueFd errors;
  base::UniqueFd report;    ///< If `lariat` becomes it: `start_error` comes by it. Non-blocking.
  std::string start_error;  ///< Why it could not be executed and ends; empty if it could.
};

/// Starts a program: in its own process group, with an empty signal mask, default dispositions,
/// working directory `/` and no descriptor but the standard ones. Waits until it is executed; with
/// a user, and on storage that may stand still (`is_remote`), until `lariat` is. One sentence if
/// nothing could be started.
[[nodiscard]] base::Result<Spawned> spawn(Program program);

}  // namespace lariat::collect
