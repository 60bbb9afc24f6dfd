#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace lariat::proto {

/// Network octet order: one load or store and one swap, at any alignment.
[[nodiscard]] constexpr std::uint16_t big_endian(std::uint16_t value) noexcept {
  return std::endian::native == std::endian::big ? value : __builtin_bswap16(value);
}
[[nodiscard]] constexpr std::uint32_t big_endian(std::uint32_t value) noexcept {
  return std::endian::native == std::endian::big ? value : __builtin_bswap32(value);
}
[[nodiscard]] constexpr std::uint64_t big_endian(std::uint64_t value) noexcept {
  return std::endian::native == std::endian::big ? value : __builtin_bswap64(value);
}

template <typename Unsigned>
[[nodiscard]] Unsigned load_big(const std::byte* from) noexcept {
  Unsigned value;
  std::memcpy(&value, from, sizeof value);
  return big_endian(value);
}

template <typename Unsigned>
void store_big(std::byte* to, Unsigned value) noexcept {
  value = big_endian(value);
  std::memcpy(to, &value, sizeof value);
}

}  // namespace lariat::proto
