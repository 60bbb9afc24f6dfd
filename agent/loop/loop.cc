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

// Prepare, check, fork.
constexpr int kWaitWatchers = 3;

void never(struct ev_loop* /*loop*/, ev_periodic* /*dormant*/, int /*events*/) noexcept {}

// How often this thread has given up the CPU by itself: a wait that finds an event ready does not
// raise it, one that sleeps does.
long voluntary_switches() noexcept {
  rusage usage{};
  ::getrusage(RUSAGE_THREAD, &usage);
  return usage.ru_nvcsw;
}

// No epoll or no memory: nothing of this program can work.
std::unique_ptr<Loop> or_end(std::unique_ptr<Loop> made) {
  if (made) return made;
  std::fputs("lariat: error: the kernel gives no epoll descriptor; raise the limit of open files\n",
             stderr);
  std::abort();
}

}  // namespace

Loop::Impl::Impl(struct ev_loop* ours) : handle(ours) {
  ::ev_set_userdata(handle, this);
  ::ev_set_loop_release_cb(
      handle,
      [](struct ev_loop* l) noexcept { static_cast<Impl*>(::ev_userdata(l))->before_wait(); },
      [](struct ev_loop* l) noexcept { static_cast<Impl*>(::ev_userdata(l))->after_wait(); });
  start_dormant();
}

Loop::Impl::Impl(NativeLoop native)
    : handle(static_cast<struct ev_loop*>(native.handle)), theirs(true) {
  start_dormant();
  watch_waits();
}

Loop::Impl::Impl(Host host) : hosted(std::move(host)) {}

void Loop::Impl::start_dormant() noexcept {
  ev_periodic_init(&dormant, never, kNever, 0, nullptr);
  ::ev_periodic_start(handle, &dormant);
  ::ev_unref(handle);
}

void Loop::Impl::about_to_wait_fired(struct ev_loop* /*loop*/, ev_prepare* at,
                                     int /*events*/) noexcept {
  static_cast<Impl*>(at->data)->before_wait();
}

void Loop::Impl::waited_fired(struct ev_loop* /*loop*/, ev_check* at, int /*events*/) noexcept {
  static_cast<Impl*>(at->data)->after_wait();
}

void Loop::Impl::forked_fired(struct ev_loop* /*loop*/, ev_fork* at, int /*events*/) noexcept {
  // It may end us.
  const auto run = std::exchange(static_cast<Impl*>(at->data)->on_fork, nullptr);
  if (run) run();
}

// The first to be made and of the lowest priority: it runs when all other hooks have run.
void Loop::Impl::watch_waits() noexcept {
  ev_prepare_init(&about_to_wait, about_to_wait_fired);
  ev_set_priority(&about_to_wait, EV_MINPRI);
  ev_check_init(&waited, waited_fired);
  ev_set_priority(&waited, EV_MAXPRI);
  ev_fork_init(&forked, forked_fired);
  about_to_wait.data = waited.data = forked.data = this;
  ::ev_prepare_start(handle, &about_to_wait);
  ::ev_check_start(handle, &waited);
  ::ev_fork_start(handle, &forked);
  for (int i = 0; i < kWaitWatchers; ++i) ::ev_unref(handle);
}

Loop::Impl::~Impl() {
  if (handle == nullptr) return;
  ::ev_ref(handle);
  ::ev_periodic_stop(handle, &dormant);
  if (!theirs) {
    ::ev_loop_destroy(handle);
    return;
  }
  for (int i = 0; i < kWaitWatchers; ++i) ::ev_ref(handle);
  ::ev_prepare_stop(handle, &about_to_wait);
  ::ev_check_stop(handle, &waited);
  ::ev_fork_stop(handle, &forked);
}

void Loop::Impl::before_wait() noexcept {
  ++stats.iterations;
  // What else wakes their loop is no affair of ours.
  if (theirs && woke && callbacks_run > 0) ++stats.wakeups;
  if (!theirs && woke && callbacks_run == 0) ++stats.wakeups_idle;
  if (callbacks_run == callbacks_empty && (!theirs || callbacks_run > 0)) ++idle_turns;
  callbacks_run = 0;
  callbacks_empty = 0;

  wait_began = base::monotonic_now();
  stats.busy += wait_began - turn_began;
  if (wait_began - second_began >= std::chrono::seconds(1)) close_second(wait_began);
  switches_before_wait = voluntary_switches();
}

void Loop::Impl::after_wait() noexcept {
  woke = voluntary_switches() != switches_before_wait;
  if (woke && !theirs) ++stats.wakeups;
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

Loop::Loop(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

std::unique_ptr<Loop> Loop::make() {
  auto* handle = ::ev_loop_new(EVFLAG_NOENV | EVFLAG_SIGNALFD | EVBACKEND_EPOLL);
  if (handle == nullptr) return nullptr;
  return std::unique_ptr<Loop>(new Loop(std::make_unique<Impl>(handle)));
}

Loop::Loop() : Loop(std::move(or_end(make())->impl_)) {}
Loop::Loop(NativeLoop theirs) : impl_(std::make_unique<Impl>(theirs)) {}
Loop::Loop(Host host) : impl_(std::make_unique<Impl>(std::move(host))) {}
Loop::~Loop() = default;

void Loop::run() {
  assert(impl_->handle != nullptr && !impl_->theirs);
  ::ev_run(impl_->handle, 0);
}
void Loop::run_once() {
  assert(impl_->handle != nullptr && !impl_->theirs);
  ::ev_run(impl_->handle, EVRUN_ONCE);
}
void Loop::run_ready() {
  assert(impl_->handle != nullptr && !impl_->theirs);
  ::ev_run(impl_->handle, EVRUN_NOWAIT);
}
void Loop::stop() noexcept { ::ev_break(impl_->handle, EVBREAK_ALL); }

void Loop::turn(int fd, Ready ready) {
  assert(impl_->hosted);
  refresh();
  impl_->callbacks_run = impl_->callbacks_empty = 0;
  const bool wanted = impl_->hosted->turn(fd, ready, impl_->turn_began);
  ++impl_->stats.iterations;
  ++impl_->stats.wakeups;
  if (!wanted && impl_->callbacks_run == 0) ++impl_->stats.wakeups_idle;
}

void Loop::tell_host() {
  if (impl_->hosted) impl_->hosted->tell();
}

void Loop::want_turn() {
  if (impl_->hosted) impl_->hosted->want_turn();
}

void Loop::on_fork(std::function<void()> run) { impl_->on_fork = std::move(run); }

void Loop::refresh() noexcept {
  impl_->turn_began = base::monotonic_now();
  impl_->wall_known = false;
}

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
