#include "agent/loop/prepare_hook.h"

#include <utility>

#include "agent/loop/loop_impl.h"

namespace lariat::loop {

struct PrepareHook::Impl {
  struct ev_loop* handle;
  std::function<void()> callback;
  ev_prepare prepare{};
};

PrepareHook::PrepareHook(Loop& loop, std::function<void()> callback)
    : impl_(new Impl{.handle = loop.impl_->handle, .callback = std::move(callback)}) {
  ev_prepare_init(&impl_->prepare, [](struct ev_loop*, ev_prepare* prepare, int) noexcept {
    static_cast<Impl*>(prepare->data)->callback();
  });
  impl_->prepare.data = impl_.get();
  ::ev_prepare_start(impl_->handle, &impl_->prepare);
  ::ev_unref(impl_->handle);
}

PrepareHook::~PrepareHook() {
  ::ev_ref(impl_->handle);
  ::ev_prepare_stop(impl_->handle, &impl_->prepare);
}

}  // namespace lariat::loop
