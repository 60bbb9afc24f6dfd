#pragma once

#include <chrono>
#include <functional>

#include "agent/loop/io_watcher.h"
#include "agent/loop/loop.h"
#include "agent/loop/timer.h"
#include "agent/net/tls_channel.h"

namespace lariat::net {

/// Takes one channel at a time through its TLS handshake, on the loop.
///
/// Ownership: borrows the loop, and the channel until the callback runs or it is cancelled.
/// Threads: loop thread only. The callback may start or cancel it, not destroy it.
class Handshake {
 public:
  enum class End {
    kDone,
    kFailed,  ///< The channel's `trouble` says why.
    kLate,    ///< Not done in time.
  };
  using Callback = std::function<void(End)>;

  Handshake(loop::Loop& loop, Callback callback);

  /// The callback is run once, in a later turn of the loop.
  void start(TlsChannel& channel, std::chrono::nanoseconds limit);
  /// The callback is not run.
  void cancel() noexcept;
  [[nodiscard]] bool active() const noexcept { return channel_ != nullptr; }

 private:
  void go_on();
  void late();
  void end(End how);

  Callback callback_;
  TlsChannel* channel_ = nullptr;
  loop::IoWatcher readable_;
  loop::IoWatcher writable_;
  loop::Timer deadline_;
  base::Monotonic until_;
  bool answered_ = false;  // We are done, and the peer has nothing to say.
};

}  // namespace lariat::net
