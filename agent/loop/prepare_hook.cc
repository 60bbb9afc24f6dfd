#include "agent/loop/prepare_hook.h"

#include <utility>

#include "agent/loop/loop_impl.h"

namespace lariat::loop {

struct PrepareHook::Impl {
  struct ev_loop* handle;
  std::function<void()> callback;
  ev_prepare prepare{};

  static void fired(struct ev_loop* /*loop*/, ev_prepare* prepare, int /*events*/) noexcept {
    static_cast<Impl*>(prepare->data)->callback();
  }
};

PrepareHook::PrepareHook(Loop& loop, std::function<void()> callback)
    : impl_(new Impl{.handle = loop.impl_->handle, .callback = std::move(callback)}) {
  ev_prepare_init(&impl_->prepare, Impl::fired);
  impl_->prepare.data = impl_.get();
  ::ev_prepare_start(impl_->handle, &impl_->prepare);
  ::ev_unref(impl_->handle);
}

PrepareHook::~PrepareHook() {
  ::ev_ref(impl_->handle);
  ::ev_prepare_stop(impl_->handle, &impl_->prepare);
}

}  // namespace lariat::loop
