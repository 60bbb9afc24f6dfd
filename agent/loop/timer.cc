#include "agent/loop/timer.h"

#include <algorithm>
#include <utility>

#include "agent/loop/loop_impl.h"

namespace lariat::loop {

struct Timer::Impl {
  Loop& loop;
  std::function<void()> callback;
  ev_timer timer{};

  static void fired(struct ev_loop* /*loop*/, ev_timer* timer, int /*events*/) noexcept {
    auto& self = *static_cast<Impl*>(timer->data);
    self.loop.count(CallbackKind::kTimer);
    self.callback();
  }
};

Timer::Timer(Loop& loop, std::function<void()> callback)
    : impl_(new Impl{.loop = loop, .callback = std::move(callback)}) {
  ev_timer_init(&impl_->timer, Impl::fired, 0., 0.);
  impl_->timer.data = impl_.get();
}

Timer::~Timer() { stop(); }

void Timer::start(std::chrono::nanoseconds delay) noexcept {
  stop();
  // libev counts from the beginning of the turn, which may be long ago.
  ::ev_now_update(impl_->loop.impl_->handle);
  const std::chrono::duration<ev_tstamp> after = std::max(delay, std::chrono::nanoseconds(0));
  ev_timer_set(&impl_->timer, after.count(), 0.);
  ::ev_timer_start(impl_->loop.impl_->handle, &impl_->timer);
}

void Timer::stop() noexcept { ::ev_timer_stop(impl_->loop.impl_->handle, &impl_->timer); }

bool Timer::active() const noexcept { return ev_is_active(&impl_->timer); }

}  // namespace lariat::loop
