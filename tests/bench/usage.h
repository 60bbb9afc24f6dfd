#pragma once

namespace lariat::bench {

/// Time that this process has spent on a processor, in its own code and in the kernel.
[[nodiscard]] double cpu_seconds() noexcept;

}  // namespace lariat::bench
