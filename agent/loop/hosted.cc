#include "agent/loop/hosted.h"

#include <algorithm>
#include <utility>

namespace lariat::loop {

Hosted::Descriptor* Hosted::find(int fd) noexcept {
  const auto found = std::find_if(descriptors_.begin(), descriptors_.end(),
                                  [fd](const Descriptor& at) { return at.fd == fd; });
  return found == descriptors_.end() ? nullptr : &*found;
}

Hosted::Descriptor& Hosted::at(int fd) {
  if (auto* known = find(fd)) return *known;
  descriptors_.push_back({.fd = fd});
  return descriptors_.back();
}

void Hosted::watch(int fd, bool write, const Call& call) {
  auto& descriptor = at(fd);
  (write ? descriptor.write : descriptor.read) = &call;
  changed_ = true;
}

void Hosted::unwatch(int fd, bool write) {
  auto* descriptor = find(fd);
  if (descriptor == nullptr) return;
  (write ? descriptor->write : descriptor->read) = nullptr;
  changed_ = true;
}

void Hosted::forget(int fd) {
  const auto* descriptor = find(fd);
  if (descriptor == nullptr || descriptor->read != nullptr || descriptor->write != nullptr) return;
  const bool told = descriptor->told.any();
  descriptors_.erase(descriptors_.begin() + (descriptor - descriptors_.data()));
  if (told) host_.watch(fd, {});
}

bool Hosted::turn(int fd, Ready ready, base::Monotonic now) {
  const bool wanted = std::exchange(wanted_, false);
  if (fd < 0) told_due_ = base::Monotonic::min();  // It has run out: the host is told anew.
  run_timers(now);
  if (fd >= 0) run_ready(fd, ready);
  for (std::size_t i = hooks_.size(); i-- > 0;) (*hooks_[i])();
  tell();
  return wanted;
}

// Those that are due now; one that is started meanwhile waits for the next turn.
void Hosted::run_timers(base::Monotonic now) {
  std::size_t due = 0;
  for (auto timer = timers_.begin(); timer != timers_.end() && timer->first <= now; ++timer) ++due;
  for (; due > 0 && !timers_.empty() && timers_.begin()->first <= now; --due) {
    (*timers_.begin()->second)();
  }
}

void Hosted::run_ready(int fd, Ready ready) {
  const auto* descriptor = find(fd);
  if (descriptor == nullptr) return;
  if (ready.read && descriptor->told.read && descriptor->read != nullptr) (*descriptor->read)();
  // It may have been closed, and another be known by the number: of that nothing was told yet.
  descriptor = find(fd);
  if (descriptor == nullptr || !ready.write || !descriptor->told.write) return;
  if (descriptor->write != nullptr) (*descriptor->write)();
}

void Hosted::tell() {
  if (std::exchange(changed_, false)) {
    for (auto& descriptor : descriptors_) {
      const Ready wanted{.read = descriptor.read != nullptr, .write = descriptor.write != nullptr};
      if (wanted == descriptor.told) continue;
      descriptor.told = wanted;
      host_.watch(descriptor.fd, wanted);
    }
    std::erase_if(descriptors_, [](const Descriptor& at) { return !at.told.any(); });
  }
  tell_time_out();
}

void Hosted::tell_time_out() {
  if (wanted_) return;  // It was asked for a turn, and tells then.
  if (timers_.empty()) {
    if (std::exchange(told_due_, std::nullopt)) host_.time_out(std::nullopt);
    return;
  }
  const auto due = timers_.begin()->first;
  if (told_due_ == due) return;
  told_due_ = due;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(due - base::monotonic_now());
  host_.time_out(std::max(left, std::chrono::milliseconds(0)));
}

void Hosted::want_turn() {
  if (std::exchange(wanted_, true)) return;
  told_due_ = base::Monotonic::min();
  host_.time_out(std::chrono::milliseconds(0));
}

}  // namespace lariat::loop
