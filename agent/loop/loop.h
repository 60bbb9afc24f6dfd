#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "agent/base/clock.h"

namespace lariat::loop {

/// What a callback was run for: the label `kind` of `lariat_loop_callbacks_total`.
enum class CallbackKind { kRead, kWrite, kTimer, kSignal, kChild, kFile };
inline constexpr std::size_t kCallbackKinds = 6;

/// The loop's account of itself, `lariat_loop_*`. All counts are since the loop was made.
struct LoopStats {
  std::uint64_t iterations = 0;    ///< Turns.
  std::uint64_t wakeups = 0;       ///< Waits in which the thread gave up the CPU and was woken.
  std::uint64_t wakeups_idle = 0;  ///< Of those, with no callback to run.
  std::array<std::uint64_t, kCallbackKinds> callbacks{};
  std::chrono::nanoseconds busy{};  ///< Outside the kernel's wait.
  std::chrono::nanoseconds wait{};  ///< Inside it.
  std::uint64_t spins = 0;          ///< Seconds with more than 10,000 turns that did no work.
};

/// One event loop: waits for descriptors, timers and signals, and counts each time it wakes.
///
/// With nothing due it sleeps without bound: no tick of its own, no polling. A signal costs one
/// wake-up. Signals that a `Signal` watches are blocked in the thread; a program that starts
/// others gives them an empty mask.
/// Ownership: watchers borrow the loop, which must outlive them.
/// Threads: everything on the one thread that calls `run`. Loops do not know of each other.
class Loop {
 public:
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// Turns until `stop`, or until no watcher is active.
  void run();
  /// One turn, which waits for the first event.
  void run_once();
  /// One turn that does not wait.
  void run_ready();
  /// Ends `run` after the present turn. To be called from a callback.
  void stop() noexcept;

  /// The account up to and with the present turn.
  [[nodiscard]] LoopStats stats() const noexcept;
  /// When the present turn began.
  [[nodiscard]] base::Monotonic now() const noexcept;
  /// Time of day of the present turn, read at most once in it.
  [[nodiscard]] base::WallTime wall_now() noexcept;

  /// A callback that found nothing to do says so: its turn is not work, and 10,000 of those in a
  /// second are a spin.
  void nothing_done() noexcept;
  /// Called at the end of each second that was a spin, with its count of idle turns.
  void on_spin(std::function<void(std::uint64_t turns)> told);

 private:
  friend class IoWatcher;
  friend class PrepareHook;
  friend class Signal;
  friend class Timer;
  struct Impl;
  void count(CallbackKind kind) noexcept;

  std::unique_ptr<Impl> impl_;
};

}  // namespace lariat::loop
