#pragma once

#include <cstddef>
#include <cstdint>

namespace lariat::proto {

/// Octets that any number takes at most.
inline constexpr std::size_t kNumberRoom = 32;

/// Writes a finite number with as many digits as it takes to read it back exactly, and no more;
/// a whole one below 10^15 without exponent. `out` has `kNumberRoom` octets. Returns the end.
[[nodiscard]] char* write_number(double value, char* out) noexcept;
[[nodiscard]] char* write_number(std::uint64_t value, char* out) noexcept;
[[nodiscard]] char* write_number(std::int64_t value, char* out) noexcept;

}  // namespace lariat::proto
