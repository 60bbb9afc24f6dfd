#include "agent/loop/signal.h"

#include <cassert>
#include <utility>

#include "agent/loop/loop_impl.h"

namespace lariat::loop {

struct Signal::Impl {
  Loop& loop;
  std::function<void()> callback;
  ev_signal signal{};

  static void fired(struct ev_loop* /*loop*/, ev_signal* signal, int /*events*/) noexcept {
    auto& self = *static_cast<Impl*>(signal->data);
    self.loop.count(CallbackKind::kSignal);
    self.callback();
  }
};

Signal::Signal(Loop& loop, int number, std::function<void()> callback)
    : impl_(new Impl{.loop = loop, .callback = std::move(callback)}) {
  assert(loop.impl_->handle != nullptr);  // With a host signals are the program's.
  ev_signal_init(&impl_->signal, Impl::fired, number);
  impl_->signal.data = impl_.get();
  // A signal is no reason to go on: without other watchers the loop ends.
  ::ev_signal_start(loop.impl_->handle, &impl_->signal);
  ::ev_unref(loop.impl_->handle);
}

Signal::~Signal() {
  ::ev_ref(impl_->loop.impl_->handle);
  ::ev_signal_stop(impl_->loop.impl_->handle, &impl_->signal);
}

}  // namespace lariat::loop
