#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "agent/collect/exec_settings.h"

namespace lariat::collect {

/// What a child could not do on its way to its program, and the kernel's reason.
struct ExecFailure {
  enum class Step : std::uint8_t {
    kNone,
    kNice,
    kIoPriority,
    kParent,  ///< The agent has ended meanwhile.
    kCoreDumps,
    kCpu,
    kFiles,
    kProcesses,
    kMemory,
    kPipes,
    kExecute,
  };
  Step step = Step::kNone;
  int error = 0;  ///< As `errno`.

  explicit operator bool() const noexcept { return step != Step::kNone; }
};

/// Sets niceness, I/O priority, the parent's death signal and the limits of this process: all of
/// `settings` but user and program. A limit is never above what this process has itself.
///
/// System calls and nothing else: a child that shares its parent's memory may call it.
[[nodiscard]] ExecFailure apply_settings(const ExecSettings& settings) noexcept;

/// In one sentence, with what to do. `settings`: those of the child.
[[nodiscard]] std::string sentence_of(const ExecFailure& failure, const ExecSettings& settings);

}  // namespace lariat::collect
