#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "agent/base/clock.h"
#include "agent/base/log.h"
#include "agent/expose/refusals.h"
#include "agent/expose/series_table.h"
#include "agent/metrics/source.h"
#include "proto/default_tags.h"
#include "proto/message.h"

namespace lariat::expose {

/// Who reports a series, and how often.
struct SeriesOwner {
  std::uint32_t collector = 0;
  std::chrono::milliseconds interval{10'000};
};

/// Whether a family of that name is the agent's own: `lariat_*`, and what its table has.
[[nodiscard]] bool is_own_metric(std::string_view family) noexcept;

/// The newest value of each series, as `/metrics` shows it.
///
/// Bounded by `max_series`. One that would look like another, or give a family a second type, is
/// refused, and counted once. One that its collector has not reported for three intervals is gone:
/// that is judged when somebody looks, so that nothing wakes for it.
/// Cost: a known series is one look-up, without an allocation; about 60 bytes and its texts.
/// Ownership: borrows tags and log. Threads: loop thread only.
class Snapshot final : public metrics::Source {
 public:
  struct Options {
    std::size_t max_series = 100'000;
    std::function<bool(std::string_view family)> reserved = is_own_metric;
  };
  /// Where a rendering is: it goes on there whatever has changed meanwhile.
  struct Position {
    std::string family;  ///< That it is in; empty: before the first.
    std::uint64_t family_id = 0;
    std::uint64_t series = 0;  ///< Id of the last series written.
    std::uint64_t limit = 0;   ///< Ids from here on were added after the begin, and are left out.
  };

  Snapshot(const proto::DefaultTags& agent_tags, Options options, const base::Log& log);

  /// `frame` is a valid SUBMIT with a canonical name and finite values.
  void take(std::span<const std::byte> frame, const SeriesOwner& owner, base::Monotonic now);

  /// The agent's tags are others than before.
  void tags_changed();
  /// A smaller one lets nothing in until so few are left; none is thrown out.
  void set_max_series(std::size_t max_series) noexcept;
  /// A collector is no more: its series go at once.
  void forget(std::uint32_t collector);
  /// Removes the series that are gone. Cheap if none can be.
  void expire(base::Monotonic now);

  [[nodiscard]] Position begin() const noexcept { return {.limit = table_.next_id()}; }
  /// Appends whole lines to `out` until they are `bytes` or more. False once there are no more.
  /// Each family and each series comes once, values are those of now; what is added, or shown
  /// under other labels, after the begin is left out.
  bool render(Position& position, base::Monotonic now, std::size_t bytes, std::string& out) const;

  [[nodiscard]] std::size_t series() const noexcept { return table_.size(); }
  [[nodiscard]] std::uint64_t refused() const noexcept { return refusals_.total(); }
  void report(metrics::Report& report) const override;

 private:
  Series* admit(const proto::Submit& submit, std::uint64_t hash, base::Monotonic now);
  [[nodiscard]] std::string why_refused() const;
  void update(Series& series, const proto::Submit& submit);
  bool render_family(const Family& family, Position& position, base::Monotonic now,
                     std::size_t bytes, std::string& out) const;

  const proto::DefaultTags& agent_tags_;
  proto::DefaultTags tags_seen_;
  Options options_;
  SeriesTable table_;
  Refusals refusals_;
  base::Monotonic none_gone_before_;  // No series can be gone earlier.
  SeriesText text_;                   // Scratch.
  std::string fact_;                  // Scratch.
};

}  // namespace lariat::expose
