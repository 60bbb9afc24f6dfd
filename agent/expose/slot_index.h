#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace lariat::expose {

/// A hash table from what has a hash to the number of a slot, where it lies: 8 bytes an entry, and
/// half of the room free. Allocates only when it grows; does not shrink.
class SlotIndex {
 public:
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};

  /// The slot of that hash for which `same(slot)`, or kNone.
  template <typename Same>
  [[nodiscard]] std::uint32_t find(std::uint64_t hash, Same same) const {
    if (entries_.empty()) return kNone;
    const std::uint32_t wanted = fold(hash);
    for (std::size_t at = wanted & mask(); entries_[at].slot != kNone; at = next(at)) {
      if (entries_[at].hash == wanted && same(entries_[at].slot)) return entries_[at].slot;
    }
    return kNone;
  }

  /// `slot` is not in.
  void insert(std::uint64_t hash, std::uint32_t slot) {
    if ((size_ + 1) * 2 > entries_.size()) grow();
    put({fold(hash), slot});
    ++size_;
  }

  /// `slot` is in, with that hash.
  void erase(std::uint64_t hash, std::uint32_t slot) noexcept {
    std::size_t at = fold(hash) & mask();
    while (entries_[at].slot != slot) {
      assert(entries_[at].slot != kNone);
      at = next(at);
    }
    // Those behind move up, unless they stand where their hash wants them.
    for (std::size_t from = next(at); entries_[from].slot != kNone; from = next(from)) {
      const std::size_t home = entries_[from].hash & mask();
      if (((from - home) & mask()) < ((from - at) & mask())) continue;
      entries_[at] = entries_[from];
      at = from;
    }
    entries_[at] = {};
    --size_;
  }

 private:
  struct Entry {
    std::uint32_t hash = 0;
    std::uint32_t slot = kNone;
  };

  [[nodiscard]] static std::uint32_t fold(std::uint64_t hash) noexcept {
    return static_cast<std::uint32_t>(hash ^ (hash >> 32U));
  }
  [[nodiscard]] std::size_t mask() const noexcept { return entries_.size() - 1; }
  [[nodiscard]] std::size_t next(std::size_t at) const noexcept { return (at + 1) & mask(); }

  void put(Entry entry) noexcept {
    std::size_t at = entry.hash & mask();
    while (entries_[at].slot != kNone) at = next(at);
    entries_[at] = entry;
  }

  void grow() {
    constexpr std::size_t kLeast = 64;
    const auto old = std::exchange(entries_, {});
    entries_.resize(std::max(kLeast, old.size() * 2));
    for (const Entry& entry : old) {
      if (entry.slot != kNone) put(entry);
    }
  }

  std::vector<Entry> entries_;  // A power of two of them, or none.
  std::size_t size_ = 0;
};

}  // namespace lariat::expose
