#pragma once

#include <cstdint>

namespace lariat::test {

/// How often this program has asked operator new for memory. Linking `allocations.cc` replaces the
/// global operators.
[[nodiscard]] std::uint64_t allocations() noexcept;

}  // namespace lariat::test
