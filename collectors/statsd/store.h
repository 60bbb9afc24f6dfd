#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/sdk/answer.h"
#include "collectors/statsd/line.h"
#include "collectors/statsd/table.h"

namespace lariat::statsd {

struct StoreOptions {
  std::size_t most_series = 10'000;
  std::uint64_t expire = 3600;  ///< Seconds without a line after which a series goes; 0: never.
  std::vector<double> quantiles = {0.5, 0.9, 0.99};
};

/// Adds up lines of StatsD and tells, at each answer, what they have come to.
///
/// A counter is a DELTA, its total since the series began, so that an answer that is lost costs
/// nothing. A gauge is a SAMPLE of its newest value, a set one of how many different values came
/// since the last answer. Timers and distributions are `NAME_count` and `NAME_sum`, DELTAs, and, if
/// any value came since the last answer, a SAMPLE for each quantile of these, with the tag
/// `quantile`; timers are in seconds.
/// A line that is refused costs itself, and of one with several values those behind the bad one.
class Store {
 public:
  Store(StoreOptions options, std::uint64_t seed);

  /// Lines with LF between them; one may be the last without.
  void take(std::string_view text);
  void refuse(Refusal refusal) noexcept { ++refused_[static_cast<std::size_t>(refusal)]; }
  /// Puts all series into `answer`, forgets what its time is too old for, begins a new interval.
  void put(sdk::Answer& answer);

  [[nodiscard]] std::uint64_t lines() const noexcept { return lines_; }
  [[nodiscard]] std::uint64_t refused(Refusal refusal) const noexcept {
    return refused_[static_cast<std::size_t>(refusal)];
  }
  [[nodiscard]] std::size_t series() const noexcept { return table_.all().size(); }

 private:
  void take_line(std::string_view text);
  [[nodiscard]] Refusal add(const Line& line);
  void put_values(Series& series, sdk::Answer& answer);
  void put_quantiles(Series& series, sdk::Answer& answer);

  StoreOptions options_;
  SeriesTable table_;
  std::vector<std::string> quantile_names_;
  std::uint64_t lines_ = 0;
  std::array<std::uint64_t, kRefusals> refused_{};
  std::string room_;
};

}  // namespace lariat::statsd
