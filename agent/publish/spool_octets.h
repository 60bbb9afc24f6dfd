#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include "agent/base/clock.h"

namespace lariat::publish {

/// Appends a number, least octet first.
template <typename T>
void put_little(std::vector<std::byte>& out, T value) {
  for (std::size_t octet = 0; octet < sizeof(T); ++octet) {
    out.push_back(static_cast<std::byte>(static_cast<std::uint64_t>(value) >> (8U * octet)));
  }
}

inline void put_octets(std::vector<std::byte>& out, std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  out.insert(out.end(), bytes.begin(), bytes.end());
}

[[nodiscard]] inline std::uint64_t milliseconds_of(base::WallTime time) noexcept {
  return static_cast<std::uint64_t>(time.time_since_epoch().count());
}
/// Times that no clock shows are moved to the nearest that can be reckoned with.
[[nodiscard]] inline base::WallTime time_of(std::uint64_t milliseconds) noexcept {
  constexpr std::uint64_t kLatest = std::uint64_t{1} << 53U;
  return base::WallTime(std::chrono::milliseconds(milliseconds > kLatest ? kLatest : milliseconds));
}

/// Reads what `put_little` and `put_octets` wrote. Past the end everything is 0 and `good` false.
class OctetReader {
 public:
  explicit OctetReader(std::span<const std::byte> bytes) noexcept : rest_(bytes) {}

  template <typename T>
  [[nodiscard]] T little() noexcept {
    std::uint64_t value = 0;
    const auto octets = take(sizeof(T));
    for (std::size_t octet = 0; octet < octets.size(); ++octet) {
      value |= std::to_integer<std::uint64_t>(octets[octet]) << (8U * octet);
    }
    return static_cast<T>(value);
  }
  [[nodiscard]] std::string_view text(std::size_t size) noexcept {
    const auto octets = take(size);
    return {reinterpret_cast<const char*>(octets.data()), octets.size()};
  }
  [[nodiscard]] bool good() const noexcept { return good_; }
  [[nodiscard]] bool at_end() const noexcept { return rest_.empty(); }

 private:
  std::span<const std::byte> take(std::size_t size) noexcept {
    if (size > rest_.size()) {
      good_ = false;
      rest_ = {};
      return {};
    }
    const auto taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
  }

  std::span<const std::byte> rest_;
  bool good_ = true;
};

}  // namespace lariat::publish
