#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/statsd/distinct.h"
#include "collectors/statsd/line.h"
#include "collectors/statsd/sketch.h"

namespace lariat::statsd {

/// What came in under one name: which of its numbers are in use is the kind's matter.
struct Series {
  Kind kind = Kind::kCounter;
  std::string metric;
  std::string tags;        ///< In canonical form.
  std::uint64_t used = 0;  ///< Time of the answer before which a line came last.
  bool touched = true;     ///< A line has come since the last answer.
  double value = 0;        ///< Of a counter the total, of a gauge the newest, of timers the sum.
  double count = 0;        ///< Of timers: how many, since the beginning.
  std::unique_ptr<QuantileSketch> sketch;   ///< Of timers.
  std::unique_ptr<DistinctCount> distinct;  ///< Of sets.
};

/// All series, found by the octets of a line.
///
/// A name and tags as they are spelled are hashed and compared, nothing else; only what is spelled
/// for the first time is taken apart. Tags in another order are the same series. Finding one that
/// is there allocates nothing. Bounded: so many series, four spellings for each of them.
class SeriesTable {
 public:
  SeriesTable(std::size_t most_series, std::uint64_t seed) noexcept
      : most_series_(most_series), seed_(seed) {}

  /// The series of this line; none if it was not made yet.
  [[nodiscard]] Series* find(const Line& line) const noexcept;
  /// Makes the series of a line that `find` has not found, or notes that it is spelled so, too.
  /// None if there may be no such, then `refusal` says why.
  [[nodiscard]] Series* make(const Line& line, Refusal& refusal);
  /// Of those that no line came for since before `time`.
  void remove_unused_since(std::uint64_t time);

  [[nodiscard]] const std::vector<std::unique_ptr<Series>>& all() const noexcept { return all_; }
  [[nodiscard]] std::uint64_t seed() const noexcept { return seed_; }

 private:
  struct Alias {
    std::uint64_t hash = 0;
    Series* series = nullptr;     // None: the place is free.
    std::string spelled;          // Name and tags.
    std::uint32_t name_size = 0;  // Of `spelled`.
    Kind kind = Kind::kCounter;
  };

  [[nodiscard]] std::uint64_t hash(const Line& line) const noexcept;
  void put(Alias alias);
  void rebuild(std::size_t places);

  std::size_t most_series_;
  std::uint64_t seed_;
  std::vector<Alias> places_ = std::vector<Alias>(256);  // Open addressing; half of them are free.
  std::size_t aliases_ = 0;
  std::vector<std::unique_ptr<Series>> all_;
  std::map<std::string, Series*, std::less<>> by_name_;  // Metric, a blank, tags.
  struct Metric {
    Kind kind = Kind::kCounter;
    std::size_t series = 0;
  };
  std::map<std::string, Metric, std::less<>> metrics_;
};

}  // namespace lariat::statsd
