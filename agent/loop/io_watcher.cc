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
  std::function<void()> call{};  // What a host has done; libev calls `fired`.
  bool hosted_active = false;

  [[nodiscard]] Hosted* hosted() const noexcept { return loop.impl_->host(); }
  [[nodiscard]] bool writes() const noexcept { return kind == CallbackKind::kWrite; }

  void run() {
    loop.count(kind);
    callback();
  }
  static void fired(struct ev_loop* /*loop*/, ev_io* io, int /*events*/) noexcept {
    static_cast<Impl*>(io->data)->run();
  }
};

IoWatcher::IoWatcher(Loop& loop, CallbackKind kind, std::function<void()> callback)
    : impl_(new Impl{.loop = loop, .kind = kind, .callback = std::move(callback)}) {
  ev_io_init(&impl_->io, Impl::fired, -1, impl_->writes() ? EV_WRITE : EV_READ);
  impl_->io.data = impl_.get();
  if (impl_->hosted() != nullptr) impl_->call = [impl = impl_.get()] { impl->run(); };
}

IoWatcher::~IoWatcher() { watch(-1); }

void IoWatcher::watch(int fd) noexcept {
  stop();
  if (auto* hosted = impl_->hosted(); hosted != nullptr && impl_->io.fd >= 0) {
    hosted->forget(impl_->io.fd);
  }
  ev_io_set(&impl_->io, fd, impl_->writes() ? EV_WRITE : EV_READ);
}

void IoWatcher::start() noexcept {
  if (active()) return;
  assert(impl_->io.fd >= 0);
  if (auto* hosted = impl_->hosted()) {
    hosted->watch(impl_->io.fd, impl_->writes(), impl_->call);
    impl_->hosted_active = true;
  } else {
    ::ev_io_start(impl_->loop.impl_->handle, &impl_->io);
  }
  ++starts_;
}

void IoWatcher::stop() noexcept {
  if (!active()) return;
  if (auto* hosted = impl_->hosted()) {
    hosted->unwatch(impl_->io.fd, impl_->writes());
    impl_->hosted_active = false;
  } else {
    ::ev_io_stop(impl_->loop.impl_->handle, &impl_->io);
  }
  ++stops_;
}

bool IoWatcher::active() const noexcept { return impl_->hosted_active || ev_is_active(&impl_->io); }

}  // namespace lariat::loop
