#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "agent/base/clock.h"

namespace lariat::collect {

/// When each collector is due: on the wall clock's grid, moved by one splay for the whole host.
///
/// A collector with the interval I is due whenever the time of day is a multiple of I plus the
/// splay modulo I. The splay is less than a minute and made of the host's name, so all collectors
/// of a host with the same interval are due together, one of 60 s together with one of 10 s, and
/// hosts are spread. Pure: the time is passed in. What is missed is due once. A step of the clock
/// moves the grid from the next moment on: none is waited for longer than one interval, and two
/// are never nearer than a tenth of it or, from 2 s on, one second.
class Schedule {
 public:
  using Id = std::uint32_t;
  /// Both clocks at one moment.
  struct Now {
    base::Monotonic monotonic;
    base::WallTime wall;
  };
  struct Due {
    Id id = 0;
    std::uint64_t missed = 0;  ///< Whole moments that went by before this one.
    base::Monotonic moment{};  ///< When it was due.
  };

  explicit Schedule(std::string_view hostname) noexcept;

  /// `id` is not in yet; first due at the grid's next moment. `interval` is at least 1 s.
  void add(Id id, std::chrono::milliseconds interval, const Now& now);
  void remove(Id id) noexcept;
  /// Those that are due, and those that are so soon that a wake-up of their own is not worth it,
  /// in the order in which they were added. Each is then due at its next moment.
  [[nodiscard]] std::vector<Due> take_due(const Now& now);
  /// How long until something is due; nothing if nothing ever is. Never negative.
  [[nodiscard]] std::optional<std::chrono::nanoseconds> until_next(base::Monotonic now) const;

  [[nodiscard]] std::chrono::milliseconds splay() const noexcept { return splay_; }

 private:
  struct Entry {
    Id id;
    std::chrono::milliseconds interval;
    base::Monotonic next;
  };
  [[nodiscard]] base::Monotonic next_after(std::chrono::milliseconds interval,
                                           const Now& now) const noexcept;

  std::chrono::milliseconds splay_;
  std::vector<Entry> entries_;
};

}  // namespace lariat::collect
