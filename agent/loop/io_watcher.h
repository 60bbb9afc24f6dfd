#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "agent/loop/loop.h"

namespace lariat::loop {

/// Tells when one descriptor can be read, or when it can be written. Level-triggered: it fires each
/// turn until the descriptor is drained, filled, or the watcher stopped.
///
/// Starting and stopping is free until the loop sleeps: what is then different from before costs
/// one `epoll_ctl`, and none if it was toggled back.
/// Ownership: borrows the loop and the descriptor; is stopped before the descriptor is closed.
/// Threads: loop thread only. The callback may stop it or move it on to another descriptor, not
/// destroy it; it throws nothing.
class IoWatcher {
 public:
  /// `kind` is kRead, kChild or kFile (fires when readable) or kWrite (when writable).
  IoWatcher(Loop& loop, CallbackKind kind, std::function<void()> callback);
  ~IoWatcher();
  IoWatcher(const IoWatcher&) = delete;
  IoWatcher& operator=(const IoWatcher&) = delete;

  /// Stops, then takes `fd` as the descriptor of later starts. -1: none.
  void watch(int fd) noexcept;
  void start() noexcept;
  void stop() noexcept;
  void set_active(bool active) noexcept { active ? start() : stop(); }

  [[nodiscard]] bool active() const noexcept;
  /// How often it went from inactive to active, and back, since it was made.
  [[nodiscard]] std::uint64_t starts() const noexcept { return starts_; }
  [[nodiscard]] std::uint64_t stops() const noexcept { return stops_; }

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  std::uint64_t starts_ = 0;
  std::uint64_t stops_ = 0;
};

}  // namespace lariat::loop
