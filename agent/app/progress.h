#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "agent/base/clock.h"
#include "agent/loop/loop.h"

namespace lariat::loop {
class Timer;
}

namespace lariat::app {

/// What long work has done so far.
struct ProgressCounts {
  std::uint64_t frames = 0;
  std::uint64_t bytes = 0;
  std::uint64_t connections = 0;  ///< Of now.
};

/// One line of progress on standard error, redrawn in place four times a second: frames, frames/s,
/// MB/s, connections.
///
/// Invariant: nothing is written and there is no timer unless standard error is a terminal.
/// A terminal that takes nothing is not waited for: what it refuses is left out.
/// Ownership: borrows the loop. Threads: loop thread only. `counts` is asked at each drawing.
class Progress {
 public:
  Progress(loop::Loop& loop, std::function<ProgressCounts()> counts);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Begins to draw, and to keep the loop running.
  void start();
  /// Draws the totals with their mean rates and ends the line. Needless before the destructor,
  /// which does it.
  void stop() noexcept;
  /// Wipes the line, for another message to be written there; the next drawing brings it back.
  void clear() noexcept;

  [[nodiscard]] bool active() const noexcept { return timer_ != nullptr; }

 private:
  void tick() noexcept;
  void draw(const ProgressCounts& before, const ProgressCounts& now,
            std::chrono::duration<double> between);

  loop::Loop& loop_;
  std::function<ProgressCounts()> counts_;
  std::unique_ptr<loop::Timer> timer_;
  ProgressCounts first_;  // At the start and at the last drawing, for the rates.
  ProgressCounts last_;
  base::Monotonic first_at_;
  base::Monotonic last_at_;
  std::size_t width_ = 0;  // Of the line as it stands on the terminal.
};

/// `1234567 frames  250000/s  23.4 MB/s  3 connections`: `now` with the rates since `before`.
[[nodiscard]] std::string progress_text(const ProgressCounts& before, const ProgressCounts& now,
                                        std::chrono::duration<double> between);

}  // namespace lariat::app
