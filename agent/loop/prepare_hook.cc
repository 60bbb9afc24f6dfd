#include "agent/loop/prepare_hook.h"

#include <utility>

#include "agent/loop/loop_impl.h"

namespace lariat::loop {

struct PrepareHook::Impl {
  Loop& loop;
  std::function<void()> callback;
  ev_prepare prepare{};

  static void fired(struct ev_loop* /*loop*/, ev_prepare* prepare, int /*events*/) noexcept {
    static_cast<Impl*>(prepare->data)->callback();
  }
};

PrepareHook::PrepareHook(Loop& loop, std::function<void()> callback)
    : impl_(new Impl{.loop = loop, .callback = std::move(callback)}) {
  if (auto& hosted = loop.impl_->hosted) {
    hosted->add_hook(impl_->callback);
    return;
  }
  ev_prepare_init(&impl_->prepare, Impl::fired);
  impl_->prepare.data = impl_.get();
  // After those of a program whose loop it is: they may ask for something.
  ev_set_priority(&impl_->prepare, EV_MINPRI);
  ::ev_prepare_start(loop.impl_->handle, &impl_->prepare);
  ::ev_unref(loop.impl_->handle);
}

PrepareHook::~PrepareHook() {
  auto& loop = *impl_->loop.impl_;
  if (loop.hosted) {
    loop.hosted->remove_hook(impl_->callback);
    return;
  }
  ::ev_ref(loop.handle);
  ::ev_prepare_stop(loop.handle, &impl_->prepare);
}

}  // namespace lariat::loop
