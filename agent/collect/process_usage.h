#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace lariat::collect {

/// What a process has used, with those of its children that it has waited for.
struct ProcessUsage {
  std::chrono::microseconds cpu{};  ///< In user and kernel.
  std::uint64_t max_resident = 0;   ///< Bytes, of the largest of them.
};

/// Of one that has ended. A process begins in its parent's memory, so `max_resident` is never less
/// than the agent's own at that time (Linux, `ru_maxrss`).
[[nodiscard]] ProcessUsage usage_of(const rusage& usage) noexcept;

/// Of one that lives: `/proc/PID/stat` and `status`, so `max_resident` is that of the process
/// alone. Its time is a whole number of ticks, never more than what `wait4` will say. Nothing if it
/// cannot be read. `proc`: where the kernel's view is mounted.
[[nodiscard]] std::optional<ProcessUsage> usage_of_living(pid_t pid,
                                                          const std::string& proc = "/proc");

}  // namespace lariat::collect
