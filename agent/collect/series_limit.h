#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace lariat::collect {

/// Bounds how many different names a collector has at a time.
///
/// A name that is in stays good; one over the limit is refused, until names that were not seen for
/// three intervals make room. Keeps 16 octets a name, of names that came only; two names with the
/// same 64-bit hash count as one.
class SeriesLimit {
 public:
  explicit SeriesLimit(std::size_t max) noexcept : max_(max) {}

  /// Whether `name` is, or now becomes, one of those that may be.
  [[nodiscard]] bool admit(std::string_view name);
  /// One interval has passed.
  void next_interval() noexcept { ++interval_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  struct Slot {
    std::uint64_t hash = 0;  // 0: free.
    std::uint64_t seen = 0;  // The interval.
  };
  [[nodiscard]] Slot& find(std::uint64_t hash) noexcept;
  void rebuild(std::size_t capacity);
  [[nodiscard]] bool make_room();

  std::size_t max_;
  std::size_t size_ = 0;
  std::uint64_t interval_ = 1;
  std::uint64_t swept_ = 0;  // The interval in which the forgotten were last looked for.
  std::vector<Slot> slots_;  // A power of two, at most three quarters taken; linear probing.
};

}  // namespace lariat::collect
