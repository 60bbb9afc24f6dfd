#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace lariat::statsd {

/// Spreads the bits of `number` over all of it.
[[nodiscard]] constexpr std::uint64_t mix(std::uint64_t number) noexcept {
  constexpr std::uint64_t kFirst = 0xbf58476d1ce4e5b9U;
  constexpr std::uint64_t kSecond = 0x94d049bb133111ebU;
  number = (number ^ (number >> 30U)) * kFirst;
  number = (number ^ (number >> 27U)) * kSecond;
  return number ^ (number >> 31U);
}

/// A hash for tables in memory: eight octets at a time, not for the eyes of others. `seed` is drawn
/// anew by each program, so that nobody outside can choose names that collide.
[[nodiscard]] inline std::uint64_t hash_of(std::string_view octets, std::uint64_t seed) noexcept {
  constexpr std::uint64_t kFactor = 0x9e3779b97f4a7c15U;
  constexpr std::size_t kWord = sizeof(std::uint64_t);
  std::uint64_t hash = seed ^ (octets.size() * kFactor);
  const char* at = octets.data();
  std::size_t left = octets.size();
  for (; left >= kWord; left -= kWord, at += kWord) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, kWord);
    hash = (hash ^ word) * kFactor;
    hash ^= hash >> 29U;
  }
  if (left > 0) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, left);
    hash = (hash ^ word) * kFactor;
  }
  return mix(hash);
}

}  // namespace lariat::statsd
