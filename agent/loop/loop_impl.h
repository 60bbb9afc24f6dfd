#pragma once

// Private to agent/loop: the one place where the floor's classes see libev.

#include <ev.h>

#include <functional>

#include "agent/loop/loop.h"

namespace lariat::loop {

struct Loop::Impl {
  Impl();
  ~Impl();
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void before_wait() noexcept;
  void after_wait() noexcept;
  void close_second(base::Monotonic now) noexcept;

  struct ev_loop* handle;
  ev_periodic dormant{};
  LoopStats stats;
  base::Monotonic turn_began;
  base::WallTime wall{};
  bool wall_known = false;

  // Of the turn since the last wait.
  bool woke = false;
  std::uint64_t callbacks_run = 0;
  std::uint64_t callbacks_empty = 0;

  base::Monotonic wait_began;
  long switches_before_wait = 0;

  // For the detection of spins.
  base::Monotonic second_began;
  std::uint64_t idle_turns = 0;
  std::function<void(std::uint64_t)> on_spin;
};

}  // namespace lariat::loop
