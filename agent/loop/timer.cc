#include "agent/loop/timer.h"

#include <algorithm>
#include <utility>

#include "agent/loop/loop_impl.h"

namespace lariat::loop {

struct Timer::Impl {
  Loop& loop;
  std::function<void()> callback;
  ev_timer timer{};
  std::function<void()> call{};  // What a host has done; libev calls `fired`.
  std::optional<Hosted::TimerPlace> place{};

  [[nodiscard]] Hosted* hosted() const noexcept { return loop.impl_->host(); }
  void run() {
    loop.count(CallbackKind::kTimer);
    callback();
  }
  static void fired(struct ev_loop* /*loop*/, ev_timer* timer, int /*events*/) noexcept {
    static_cast<Impl*>(timer->data)->run();
  }
};

Timer::Timer(Loop& loop, std::function<void()> callback)
    : impl_(new Impl{.loop = loop, .callback = std::move(callback)}) {
  ev_timer_init(&impl_->timer, Impl::fired, 0., 0.);
  impl_->timer.data = impl_.get();
  if (impl_->hosted() != nullptr) {
    impl_->call = [this] {
      stop();
      impl_->run();
    };
  }
}

Timer::~Timer() { stop(); }

void Timer::start(std::chrono::nanoseconds delay) noexcept {
  stop();
  delay = std::max(delay, std::chrono::nanoseconds(0));
  if (auto* hosted = impl_->hosted()) {
    impl_->place = hosted->add_timer(base::monotonic_now() + delay, impl_->call);
    return;
  }
  // libev counts from the beginning of the turn, which may be long ago.
  ::ev_now_update(impl_->loop.impl_->handle);
  const std::chrono::duration<ev_tstamp> after = delay;
  ev_timer_set(&impl_->timer, after.count(), 0.);
  ::ev_timer_start(impl_->loop.impl_->handle, &impl_->timer);
}

void Timer::stop() noexcept {
  if (auto* hosted = impl_->hosted()) {
    if (const auto place = std::exchange(impl_->place, std::nullopt)) hosted->remove_timer(*place);
    return;
  }
  ::ev_timer_stop(impl_->loop.impl_->handle, &impl_->timer);
}

bool Timer::active() const noexcept { return impl_->place || ev_is_active(&impl_->timer); }

}  // namespace lariat::loop
