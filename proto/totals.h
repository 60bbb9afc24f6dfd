#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "proto/message.h"

namespace lariat::proto {

/// What one output has counted of each series of TALLY and EVENT since it began: formats that
/// carry totals need it. Costs nothing while there are none.
///
/// Invariant: at most as many series, and octets of their names, as it was made for.
class Totals {
 public:
  static constexpr std::size_t kSeries = 100'000;
  static constexpr std::size_t kNameOctets = std::size_t{8} << 20U;

  explicit Totals(std::size_t series = kSeries, std::size_t name_octets = kNameOctets) noexcept
      : most_series_(series), most_octets_(name_octets) {}

  /// Adds, and gives the total; nothing if there is no room for another series. Over 2^64 - 1 it
  /// begins again at 0, which to every reader of counters is a restart.
  std::optional<std::uint64_t> add(std::string_view name, Payload kind, std::uint64_t increment);
  /// The total, without adding; of a series never seen here it is as `add`.
  std::optional<std::uint64_t> get(std::string_view name, Payload kind, std::uint64_t increment);

  [[nodiscard]] std::size_t size() const noexcept { return tallies_.size() + events_.size(); }

 private:
  struct Hash {
    using is_transparent = void;  // NOLINT(readability-identifier-naming): the library's name.
    std::size_t operator()(std::string_view name) const noexcept {
      return std::hash<std::string_view>()(name);
    }
  };
  using BySeries = std::unordered_map<std::string, std::uint64_t, Hash, std::equal_to<>>;

  /// Null if there is no room for a new one, which begins at 0.
  [[nodiscard]] std::uint64_t* find(std::string_view name, Payload kind, bool& added);

  std::size_t most_series_;
  std::size_t most_octets_;
  std::size_t octets_ = 0;
  BySeries tallies_;
  BySeries events_;
};

}  // namespace lariat::proto
