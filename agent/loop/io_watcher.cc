#include "agent/loop/io_watcher.h"

#include <cassert>
#include <utility>

#include "agent/loop/loop_impl.h"

namespace lariat::loop {

struct IoWatcher::Impl {
  Loop& loop;
  CallbackKind kind;
  std::function<void()> callback;
  ev_io io{};

  static void fired(struct ev_loop* /*loop*/, ev_io* io, int /*events*/) noexcept {
    auto& self = *static_cast<Impl*>(io->data);
    self.loop.count(self.kind);
    self.callback();
  }
};

IoWatcher::IoWatcher(Loop& loop, CallbackKind kind, std::function<void()> callback)
    : impl_(new Impl{.loop = loop, .kind = kind, .callback = std::move(callback)}) {
  ev_io_init(&impl_->io, Impl::fired, -1, kind == CallbackKind::kWrite ? EV_WRITE : EV_READ);
  impl_->io.data = impl_.get();
}

IoWatcher::~IoWatcher() { stop(); }

void IoWatcher::watch(int fd) noexcept {
  stop();
  ev_io_set(&impl_->io, fd, impl_->kind == CallbackKind::kWrite ? EV_WRITE : EV_READ);
}

void IoWatcher::start() noexcept {
  if (active()) return;
  assert(impl_->io.fd >= 0);
  ::ev_io_start(impl_->loop.impl_->handle, &impl_->io);
  ++starts_;
}

void IoWatcher::stop() noexcept {
  if (!active()) return;
  ::ev_io_stop(impl_->loop.impl_->handle, &impl_->io);
  ++stops_;
}

bool IoWatcher::active() const noexcept { return ev_is_active(&impl_->io); }

}  // namespace lariat::loop
