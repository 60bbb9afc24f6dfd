#pragma once

// Private to agent/loop: the one place where the floor's classes see libev.

#include <ev.h>

#include <functional>
#include <optional>

#include "agent/loop/hosted.h"
#include "agent/loop/loop.h"

namespace lariat::loop {

struct Loop::Impl {
  explicit Impl(struct ev_loop* ours);
  explicit Impl(NativeLoop native);
  explicit Impl(Host host);
  ~Impl();
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void start_dormant() noexcept;
  void watch_waits() noexcept;
  static void about_to_wait_fired(struct ev_loop* loop, ev_prepare* at, int events) noexcept;
  static void waited_fired(struct ev_loop* loop, ev_check* at, int events) noexcept;
  static void forked_fired(struct ev_loop* loop, ev_fork* at, int events) noexcept;
  void before_wait() noexcept;
  void after_wait() noexcept;
  void close_second(base::Monotonic now) noexcept;
  /// Null: libev drives it.
  [[nodiscard]] Hosted* host() noexcept { return hosted ? &*hosted : nullptr; }

  struct ev_loop* handle = nullptr;  // None with a host.
  bool theirs = false;
  std::optional<Hosted> hosted;
  ev_periodic dormant{};
  ev_prepare about_to_wait{};  // Of a loop that is theirs: its other hooks stay free.
  ev_check waited{};
  ev_fork forked{};
  ev_timer nudge{};
  bool hooks_ran = false;  // Since the last wait: what is asked for now they would miss.
  std::function<void()> on_fork;
  LoopStats stats;
  base::Monotonic turn_began = base::monotonic_now();
  base::WallTime wall{};
  bool wall_known = false;

  // Of the turn since the last wait.
  bool woke = false;
  std::uint64_t callbacks_run = 0;
  std::uint64_t callbacks_empty = 0;

  base::Monotonic wait_began = turn_began;
  long switches_before_wait = 0;

  // For the detection of spins.
  base::Monotonic second_began = turn_began;
  std::uint64_t idle_turns = 0;
  std::function<void(std::uint64_t)> on_spin;
};

}  // namespace lariat::loop
