#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "agent/loop/loop.h"
#include "agent/loop/timer.h"

namespace lariat::app {

/// Tells systemd what the service is doing, as sd_notify(3) does, and feeds its watchdog.
///
/// Where to is read from the environment (`NOTIFY_SOCKET`, `WATCHDOG_USEC`, `WATCHDOG_PID`), which
/// is then rid of them: collectors must not speak for the agent. Without them nothing is done and
/// there is no timer. The watchdog is fed by a timer of the loop at half its time: a loop that does
/// not turn does not feed it, nor does one that does nothing but spin.
/// Ownership: borrows the loop. Threads: loop thread only.
class Notify {
 public:
  /// Reads and removes the variables.
  explicit Notify(loop::Loop& loop);

  /// The service is up, or up again after a reload; begins to feed the watchdog. `status` is the
  /// line that `systemctl status` shows.
  void ready(std::string_view status);
  void reloading();
  void stopping();

  /// How often the watchdog is fed; nothing: there is none.
  [[nodiscard]] std::optional<std::chrono::microseconds> watchdog_interval() const noexcept {
    return feed_every_;
  }

 private:
  void send(std::string_view message) noexcept;
  void feed() noexcept;

  loop::Loop& loop_;
  std::string socket_;  // Empty: nobody listens. A first `@` stands for the abstract name space.
  std::optional<std::chrono::microseconds> feed_every_;
  std::uint64_t spins_seen_ = 0;
  loop::Timer watchdog_;
};

}  // namespace lariat::app
