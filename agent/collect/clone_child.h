#pragma once

#include <sys/types.h>

#include "agent/base/unique_fd.h"
#include "agent/collect/exec_limits.h"
#include "agent/collect/exec_settings.h"

namespace lariat::collect {

/// All that a child needs on its way to its program, made before it exists.
struct ChildPlan {
  const ExecSettings* settings;  ///< `user` is empty, `report` is not used.
  char* const* arguments;        ///< The program's path first; with a null at the end.
  char* const* environment;      ///< With a null at the end.
  int input = -1;                ///< Becomes its standard input; -1: /dev/null does.
  int output = -1;
  int errors = -1;
};

/// A child as `clone_child` has left it.
struct ClonedChild {
  pid_t pid = -1;
  base::UniqueFd ended;  ///< A pidfd.
  ExecFailure failure;   ///< Why it has not become its program; it has ended then.
};

/// Makes a child and waits until it is its program, or has failed to become it: no copy of our
/// memory, no program in between.
///
/// As `posix_spawn` does it, which knows neither limits nor the parent's death. The child leads a
/// process group of its own and has an empty signal mask, default dispositions and `/` as its
/// directory. Returns 0, or an `errno` if there could be no child; ENOSYS: a kernel without pidfds.
[[nodiscard]] int clone_child(const ChildPlan& plan, ClonedChild& child);

}  // namespace lariat::collect
