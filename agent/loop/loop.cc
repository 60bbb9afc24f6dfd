#include "agent/loop/loop.h"

#include <sys/resource.h>

#include <cassert>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "agent/loop/loop_impl.h"

namespace lariat::loop {
namespace {

constexpr std::uint64_t kSpinTurns = 10'000;
// Year 2286. A periodic watcher, however far off, makes libev use a timerfd to notice clock steps;
// without one it wakes every 59.743 s to compare the clocks (libev 4.33).
constexpr ev_tstamp kNever = 9'999'999'999.0;

void never(struct ev_loop* /*loop*/, ev_periodic* /*dormant*/, int /*events*/) noexcept {}

// How often this thread has given up the CPU by itself: a wait that finds an event ready does not
// raise it, one that sleeps does.
long voluntary_switches() noexcept {
  rusage usage{};
  ::getrusage(RUSAGE_THREAD, &usage);
  return usage.ru_nvcsw;
}

}  // namespace

Loop::Impl::Impl()
    : handle(::ev_loop_new(EVFLAG_NOENV | EVFLAG_SIGNALFD | EVBACKEND_EPOLL)),
      turn_began(base::monotonic_now()),
      wait_began(turn_began),
      second_began(turn_began) {
  if (handle == nullptr) {  // No epoll or no memory: nothing of this program can work.
    std::fputs(
        "lariat: error: the kernel gives no epoll descriptor; raise the limit of open files\n",
        stderr);
    std::abort();
  }
  ::ev_set_userdata(handle, this);
  ::ev_set_loop_release_cb(
      handle,
      [](struct ev_loop* l) noexcept { static_cast<Impl*>(::ev_userdata(l))->before_wait(); },
      [](struct ev_loop* l) noexcept { static_cast<Impl*>(::ev_userdata(l))->after_wait(); });
  ev_periodic_init(&dormant, never, kNever, 0, nullptr);
  ::ev_periodic_start(handle, &dormant);
  ::ev_unref(handle);
}

Loop::Impl::~Impl() {
  ::ev_ref(handle);
  ::ev_periodic_stop(handle, &dormant);
  ::ev_loop_destroy(handle);
}

void Loop::Impl::before_wait() noexcept {
  ++stats.iterations;
  if (woke && callbacks_run == 0) ++stats.wakeups_idle;
  if (callbacks_run == callbacks_empty) ++idle_turns;
  callbacks_run = 0;
  callbacks_empty = 0;

  wait_began = base::monotonic_now();
  stats.busy += wait_began - turn_began;
  if (wait_began - second_began >= std::chrono::seconds(1)) close_second(wait_began);
  switches_before_wait = voluntary_switches();
}

void Loop::Impl::after_wait() noexcept {
  woke = voluntary_switches() != switches_before_wait;
  if (woke) ++stats.wakeups;
  turn_began = base::monotonic_now();
  stats.wait += turn_began - wait_began;
  wall_known = false;
}

// Judged by the seconds that turns fall into: one that sleeps for long closes the second it left.
void Loop::Impl::close_second(base::Monotonic now) noexcept {
  if (idle_turns > kSpinTurns) {
    ++stats.spins;
    if (on_spin) on_spin(idle_turns);
  }
  idle_turns = 0;
  second_began = now;
}

Loop::Loop() : impl_(std::make_unique<Impl>()) {}
Loop::~Loop() = default;

void Loop::run() { ::ev_run(impl_->handle, 0); }
void Loop::run_once() { ::ev_run(impl_->handle, EVRUN_ONCE); }
void Loop::run_ready() { ::ev_run(impl_->handle, EVRUN_NOWAIT); }
void Loop::stop() noexcept { ::ev_break(impl_->handle, EVBREAK_ALL); }

LoopStats Loop::stats() const noexcept {
  auto stats = impl_->stats;
  stats.busy += base::monotonic_now() - impl_->turn_began;
  return stats;
}

base::Monotonic Loop::now() const noexcept { return impl_->turn_began; }

base::WallTime Loop::wall_now() noexcept {
  if (!impl_->wall_known) {
    impl_->wall = base::wall_now();
    impl_->wall_known = true;
  }
  return impl_->wall;
}

void Loop::nothing_done() noexcept { ++impl_->callbacks_empty; }

void Loop::on_spin(std::function<void(std::uint64_t turns)> told) {
  impl_->on_spin = std::move(told);
}

void Loop::count(CallbackKind kind) noexcept {
  ++impl_->callbacks_run;
  ++impl_->stats.callbacks[static_cast<std::size_t>(kind)];
}

}  // namespace lariat::loop
