#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agent/base/log.h"
#include "agent/loop/loop.h"
#include "agent/loop/timer.h"
#include "agent/publish/publisher.h"

namespace lariat::app {

/// What the load generator publishes, and until when.
struct BenchPlan {
  std::size_t frame_bytes = 80;
  std::size_t names = 1;                ///< Series that take turns.
  double rate = 0;                      ///< Frames a second; 0: as fast as the endpoints take them.
  std::chrono::milliseconds every{20};  ///< At a rate: how often so many as are due are published.
  std::uint64_t frames = 0;             ///< 0: no limit.
  std::chrono::milliseconds duration{};  ///< 0: no limit.
  bool wait = false;                     ///< First until all endpoints are connected.
  bool idle = false;                     ///< Publish nothing, for `duration`.
};

/// What the work cost this process, from the first frame to the last delivery.
struct BenchCost {
  std::uint64_t frames = 0;
  double seconds = 0;
  double cpu_seconds = 0;
  std::uint64_t wakeups = 0;
  std::uint64_t iterations = 0;
  std::uint64_t rss_idle_bytes = 0;  ///< Resident before the first frame.
  std::uint64_t rss_bytes = 0;       ///< Resident when the last was published.
};

/// Publishes numbered frames: SAMPLEs of `bench series=K` whose value is 0, 1, 2, ….
///
/// Ownership: borrows loop and publisher. Threads: loop thread only.
class BenchLoad {
 public:
  BenchLoad(loop::Loop& loop, publish::Publisher& publisher, const BenchPlan& plan);

  /// Begins; `published` is called when the plan is done.
  void start(std::function<void()> published);
  /// Ends before the plan is done.
  void stop();
  /// The cost up to now.
  [[nodiscard]] BenchCost cost() const;
  [[nodiscard]] std::uint64_t frames() const noexcept { return number_; }

 private:
  void begin();
  void tick();
  void tick_flat_out();
  void tick_at_rate();
  void publish(std::uint64_t count);
  void end();
  [[nodiscard]] std::uint64_t left() const noexcept;
  [[nodiscard]] bool all_connected() const;

  loop::Loop& loop_;
  publish::Publisher& publisher_;
  BenchPlan plan_;
  std::vector<std::vector<std::byte>> templates_;
  loop::Timer timer_;
  loop::Timer deadline_;
  std::function<void()> published_;
  bool running_ = false;
  bool began_ = false;
  std::uint64_t number_ = 0;
  std::uint64_t ticks_ = 0;
  base::Monotonic began_at_;
  double cpu_before_ = 0;
  loop::LoopStats before_;
  BenchCost cost_;
};

}  // namespace lariat::app
