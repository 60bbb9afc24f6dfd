#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "agent/base/log.h"

namespace lariat::expose {

/// The series that a snapshot has refused: each is counted once, however often it is reported.
///
/// Bounded: remembers 65,536 series by their hash. Those of a longer list are forgotten, and may
/// be counted again. The log is told of the first of each family, of 100 families at most.
/// Ownership: borrows `log`.
class Refusals {
 public:
  explicit Refusals(const base::Log& log) : log_(log) {}

  /// It was refused, and nothing has changed since that could let it in.
  [[nodiscard]] bool settled(std::uint64_t hash) const noexcept {
    const auto found = refused_.find(hash);
    return found != refused_.end() && found->second == changes_;
  }
  /// `why` is a sentence about `family`.
  void refuse(std::uint64_t hash, std::string_view family, std::string_view why);
  void admitted(std::uint64_t hash) noexcept {
    if (!refused_.empty()) refused_.erase(hash);
  }
  /// Room came, or a name is free: those refused are to be looked at again.
  void changed() noexcept { ++changes_; }
  /// One that was in had to go.
  void count_one() noexcept { ++total_; }

  [[nodiscard]] std::uint64_t total() const noexcept { return total_; }

 private:
  void tell(std::string_view family, std::string_view why);

  const base::Log& log_;
  std::unordered_map<std::uint64_t, std::uint64_t> refused_;  // Hash to changes_ at that time.
  std::unordered_set<std::uint64_t> told_;                    // Hashes of families.
  std::uint64_t changes_ = 0;
  std::uint64_t total_ = 0;
};

}  // namespace lariat::expose
