#pragma once

// Private to agent/loop: what stands in for libev where a loop of any other kind drives ours.

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "agent/loop/loop.h"

namespace lariat::loop {

/// Watchers, timers and hooks that a loop of somebody else's drives.
///
/// Tells the host of a descriptor when what it is watched for has changed, at the end of a turn or
/// by `tell`; that it is watched no more at once if it may be closed next.
/// Ownership: borrows what is added to it, each until it is removed. Threads: the loop's.
class Hosted {
 public:
  explicit Hosted(Host host) : host_(std::move(host)) {}

  using Call = std::function<void()>;
  /// Identifies a timer while it is active.
  using TimerPlace = std::multimap<base::Monotonic, const Call*>::iterator;

  /// `call` runs when `fd` is ready; one for each direction of a descriptor.
  void watch(int fd, bool write, const Call& call);
  void unwatch(int fd, bool write);
  /// Nobody watches `fd` any more, which may be closed after this.
  void forget(int fd);

  [[nodiscard]] TimerPlace add_timer(base::Monotonic due, const Call& call) {
    return timers_.emplace(due, &call);
  }
  void remove_timer(TimerPlace place) { timers_.erase(place); }

  void add_hook(const Call& call) { hooks_.push_back(&call); }
  void remove_hook(const Call& call) { std::erase(hooks_, &call); }

  /// One turn: what is due, what `ready` says of `fd` (-1: nothing), the hooks, then `tell`.
  /// Whether it was asked for, by `want_turn`.
  bool turn(int fd, Ready ready, base::Monotonic now);
  /// Tells the host what has changed.
  void tell();
  /// Asks the host for a turn.
  void want_turn();

 private:
  struct Descriptor {
    int fd = -1;
    const Call* read = nullptr;
    const Call* write = nullptr;
    Ready told;
  };
  [[nodiscard]] Descriptor* find(int fd) noexcept;
  [[nodiscard]] Descriptor& at(int fd);
  void run_timers(base::Monotonic now);
  void run_ready(int fd, Ready ready);
  void tell_time_out();

  Host host_;
  std::vector<Descriptor> descriptors_;
  std::multimap<base::Monotonic, const Call*> timers_;
  std::vector<const Call*> hooks_;
  std::optional<base::Monotonic> told_due_;  // What the host waits for; a time past: at once.
  bool changed_ = false;
  bool wanted_ = false;
};

}  // namespace lariat::loop
