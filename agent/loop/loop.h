#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

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

/// What a descriptor is watched for, or ready for.
struct Ready {
  bool read = false;
  bool write = false;

  [[nodiscard]] bool any() const noexcept { return read || write; }
  friend bool operator==(const Ready&, const Ready&) = default;
};

/// A loop of any other kind that drives ours. Its functions may not call the loop, and throw
/// nothing.
struct Host {
  /// Watch `fd` for this from now on, level-triggered, and call `Loop::turn` when it is ready. For
  /// nothing: no more, it may be closed next.
  std::function<void(int fd, Ready wanted)> watch;
  /// Call `Loop::turn` after this time, instead of the one told before. Nothing: never. Told anew
  /// in each turn that comes of it.
  std::function<void(std::optional<std::chrono::milliseconds>)> time_out;
};

/// A program's own loop of the library that ours is made of: an `ev_loop`, whatever it is called.
struct NativeLoop {
  void* handle = nullptr;
};

/// One event loop: waits for descriptors, timers and signals, and counts each time it wakes.
///
/// With nothing due it sleeps without bound: no tick of its own, no polling. A signal costs one
/// wake-up. Signals that a `Signal` watches are blocked in the thread; a program that starts
/// others gives them an empty mask.
///
/// It may also be a part of a loop that is the program's: then that one drives, `run` and its like
/// are not called, and signals are the program's. Wake-ups are then those in which there was
/// something to do here; of a `Host`, turns.
/// Ownership: watchers borrow the loop, which must outlive them.
/// Threads: everything on the one thread that calls `run`. Loops do not know of each other.
class Loop {
 public:
  /// Without a descriptor for it the program ends.
  Loop();
  /// Null if the system gives no descriptor.
  [[nodiscard]] static std::unique_ptr<Loop> make();
  explicit Loop(NativeLoop theirs);
  explicit Loop(Host host);
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

  /// Of a `Host`: `fd` is ready, or with -1 the time-out has passed. One turn.
  void turn(int fd, Ready ready);
  /// Of a `Host`: tells it what changed outside of a turn. Else nothing.
  void tell_host();
  /// A turn is to come although no watcher fires, for the sake of a `PrepareHook`. A `Host` is
  /// asked for one; other loops come by before they sleep.
  void want_turn();
  /// Of a `NativeLoop`: runs in a child process, when the program says to libev that it is one.
  void on_fork(std::function<void()> run);
  /// Time has passed outside of the loop: `now` and `wall_now` are read anew.
  void refresh() noexcept;

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
  explicit Loop(std::unique_ptr<Impl> impl);
  void count(CallbackKind kind) noexcept;

  std::unique_ptr<Impl> impl_;
};

}  // namespace lariat::loop
