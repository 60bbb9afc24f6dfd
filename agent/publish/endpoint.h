#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "agent/base/back_off.h"
#include "agent/base/clock.h"
#include "agent/base/log.h"
#include "agent/loop/loop.h"
#include "agent/loop/timer.h"
#include "agent/net/dialer.h"
#include "agent/publish/endpoint_config.h"
#include "agent/publish/frame_log.h"
#include "agent/publish/log_reader.h"
#include "agent/publish/reader_state.h"

namespace lariat::publish {

/// What an endpoint is doing, for people.
enum class EndpointState {
  kConnecting,  ///< An attempt is under way.
  kWaiting,     ///< For the next attempt.
  kConnected,   ///< All that there is has been handed to the kernel.
  kBehind,      ///< More is to be sent than the kernel takes at once, or a backlog may.
  kStalled,     ///< The peer answers, but has taken nothing for longer than `stall_timeout`.
  kStopped,
};
/// `connecting waiting connected behind stalled stopped`.
[[nodiscard]] std::string_view to_string(EndpointState state) noexcept;

/// How a connection ended: the label `reason` of `lariat_endpoint_disconnects_total`.
enum class EndReason {
  kClosed,   ///< By the peer, without an error: nothing that was acknowledged was lost.
  kReset,    ///< By an error: what its reader had not read may be lost.
  kTimeout,  ///< The peer's kernel has not answered.
  kLocal,    ///< By us.
};
inline constexpr std::size_t kEndReasons = 4;
[[nodiscard]] std::string_view to_string(EndReason reason) noexcept;
inline constexpr std::size_t kConnectFailures = 5;  ///< Those of `net::ConnectFailure` but kNone.

struct EndpointStats {
  std::uint64_t connects = 0;
  std::array<std::uint64_t, kConnectFailures> connect_failures{};
  std::array<std::uint64_t, kEndReasons> disconnects{};
  std::uint64_t bytes_sent = 0;
  std::uint64_t write_calls = 0;
  std::uint64_t write_wakeups = 0;        ///< Writable events.
  std::uint64_t write_wakeups_empty = 0;  ///< Of those, with nothing to write: stays 0.
  std::uint64_t messages_received = 0;
  std::uint64_t messages_refused = 0;  ///< Received and invalid.
  base::WallTime last_success{};       ///< When the peer last acknowledged anything.
};

/// A sample that an aggregator has refused.
struct RejectedSample {
  std::string name;  ///< As it was sent, printable.
  double value = 0;
  std::int64_t seconds = 0;
  std::string why;  ///< The aggregator's answer, printable.
};

/// What is told of the watcher that waits until the peer's socket can be written.
struct WatcherState {
  bool active = false;
  std::uint64_t starts = 0;
  std::uint64_t stops = 0;
};

/// A peer sent a valid message, whose bytes are good during the call. It may publish, and add
/// endpoints; it may not remove or change any. It throws nothing.
using ReceivedMessage =
    std::function<void(const EndpointConfig& from, std::span<const std::byte> message)>;

/// What all endpoints of a publisher share.
struct EndpointContext {
  loop::Loop& loop;
  net::Resolver& resolver;
  const FrameLog& log;
  const base::Log& lines;
  std::span<std::byte> scratch;       ///< For one call: what is read, what a filter gathers.
  std::uint64_t seed;                 ///< Of the back-off's chance.
  bool& touched;                      ///< Set when positions or the connection changed.
  std::optional<ReaderState> resume;  ///< Where it was when the last run ended, with a spool.
  const ReceivedMessage& on_message;  ///< May be empty.
};

/// What an endpoint leaves to another of its name that speaks to its aggregator in another way.
struct Legacy {
  std::unique_ptr<LogReader> reader;  ///< Without a connection.
  EndpointStats stats;
  WatcherState watcher;
};

/// One aggregator: a reader of the shared log, and the way in which its frames go out.
///
/// Invariant: whenever the loop sleeps, a write watcher is active if and only if there is a
/// connection and bytes it may send now. An idle endpoint costs the loop nothing; a full socket is
/// never polled.
/// Delivery: whole frames, at least once. Sent is not delivered: what the other side has not
/// acknowledged goes out again. It tries for ever, and nobody waits for it.
/// Ownership: borrows what the context names, which must outlive it. Threads: loop thread only.
class Endpoint {
 public:
  virtual ~Endpoint() = default;
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;

  /// Begins to connect, and to take in what an earlier run has left.
  void start();
  /// Closes the connection and does not reconnect.
  virtual void stop() = 0;
  /// Takes other settings under the same name. Positions stay: at another address what is not
  /// acknowledged goes out again; at the same one the connection lives on. Limits, time-outs and
  /// heartbeat hold at once, a filter for frames that are appended from now on; `start` does not
  /// matter any more. Not to be called from a callback of its own.
  virtual void reconfigure(EndpointConfig config) = 0;
  /// In a child process: closes its copies of descriptors. What the parent has is not touched, and
  /// nothing else can be done with it any more.
  virtual void abandon() noexcept = 0;
  /// It is to end soon: if it waits for its next attempt, that is made now, and a backlog that
  /// would be lost is not held back any more.
  virtual void hurry() = 0;
  /// Somebody waits until all is delivered: nothing is kept back to go with more.
  virtual void press() {}
  /// Nothing is published any more: it says so, if its aggregator wants to know. Not `settled`
  /// before it has.
  virtual void finish() {}

  /// Once in a loop turn in which the log grew: takes in the new frames, and sends if the kernel
  /// is not known to refuse.
  virtual void turn() = 0;
  /// Memory is about to drop what lies before `position`.
  void evict_before(std::uint64_t position);
  /// These frames are about to be had no more, neither in memory nor on disk.
  void lose(FramePlace from, FramePlace to);
  /// Sends a heartbeat, unless other bytes wait to be sent.
  virtual void beat() {}
  /// When the next heartbeat is due if nothing is sent before: a multiple of its interval by the
  /// clock on the wall, half an interval or more after the last. Nothing: none is.
  [[nodiscard]] virtual std::optional<base::WallTime> beat_due() const noexcept { return {}; }
  /// Asks what the peer has acknowledged, if it can be asked. It does not wait.
  virtual void ask_acknowledged() = 0;

  /// Whether `next`, of the same name, is to be taken by `reconfigure`; else another endpoint takes
  /// over what this one bequeaths.
  [[nodiscard]] virtual bool can_become(const EndpointConfig& next) const = 0;
  /// After `stop`. Nothing else can be done with it any more.
  [[nodiscard]] Legacy bequeath();
  /// Before `start`: goes on with what another one left.
  void inherit(Legacy legacy);

  [[nodiscard]] const EndpointConfig& config() const noexcept { return config_; }
  [[nodiscard]] const EndpointStats& stats() const noexcept { return stats_; }
  [[nodiscard]] WatcherState write_watcher() const noexcept;
  [[nodiscard]] virtual bool connected() const noexcept = 0;
  [[nodiscard]] virtual bool stalled() const noexcept { return false; }
  [[nodiscard]] virtual EndpointState state() const noexcept = 0;
  /// When the connection was made or lost, or the stall began or ended; in the beginning: the
  /// start.
  [[nodiscard]] base::WallTime since() const noexcept { return since_; }
  /// The address connected to; empty without a connection.
  [[nodiscard]] virtual std::string_view peer() const noexcept = 0;
  /// Why it is not connected, in words for the operator; empty if all is well.
  [[nodiscard]] const std::string& last_error() const noexcept { return last_error_; }
  /// Exact now: drops what is over its age and asks the kernel first.
  [[nodiscard]] Ledger ledger();
  /// What would be lost if it ended now, in words; empty if that is nothing.
  [[nodiscard]] std::string left_in_words();
  [[nodiscard]] virtual bool settled() const noexcept { return cursor_->settled(); }
  /// The last that its aggregator has refused, oldest first.
  [[nodiscard]] virtual std::span<const RejectedSample> rejected() const noexcept { return {}; }
  [[nodiscard]] std::uint64_t held_from() const noexcept { return cursor_->held_from(); }
  /// All that it has not got: where it is to go on after a restart.
  [[nodiscard]] ReaderState reader_state() const { return cursor_->state(); }
  /// All that may be sent now is on its way; a backlog waits for its turn.
  [[nodiscard]] bool paced() const noexcept { return cursor_->paced() && !cursor_->behind(); }
  [[nodiscard]] std::uint64_t lag() const noexcept { return cursor_->lag(); }

 protected:
  Endpoint(const EndpointContext& context, EndpointConfig config,
           std::unique_ptr<LogReader> reader);

  /// Tries to reach the aggregator, now.
  virtual void dial() = 0;
  /// Something else may be sent than before, or may not.
  virtual void update_watchers() = 0;
  /// Its own part of `write_watcher`.
  [[nodiscard]] virtual WatcherState own_watcher() const noexcept = 0;
  /// The reader as it is bequeathed.
  [[nodiscard]] virtual std::unique_ptr<LogReader> give_reader() { return std::move(cursor_); }
  virtual void take_reader(std::unique_ptr<LogReader> reader) { cursor_ = std::move(reader); }

  /// The same reader, or if it is to have lanes one that goes on where it stands.
  [[nodiscard]] std::unique_ptr<LogReader> with_lanes(std::unique_ptr<LogReader> reader) const;
  /// `dial` again after the back-off; the log has a line about a change.
  void retry(const std::string& why);
  void judge_more();
  /// At the end of what an earlier run has left, or in a child: no timer of the base is active.
  void stop_timers() noexcept;

  // NOLINTBEGIN(*-non-private-member-variables-in-classes)
  EndpointContext context_;
  EndpointConfig config_;
  std::unique_ptr<LogReader> cursor_;
  EndpointStats stats_;
  base::BackOff back_off_;
  loop::Timer retry_;
  bool running_ = false;
  base::WallTime since_{};
  std::string last_error_;
  bool told_ = false;  // The log has the line that tells of the present trouble.
                       // NOLINTEND(*-non-private-member-variables-in-classes)

 private:
  loop::Timer judge_;  // What an earlier run has left.
  WatcherState inherited_;
};

/// The reader that such limits ask for.
[[nodiscard]] std::unique_ptr<LogReader> make_reader(const EndpointContext& context,
                                                     const CursorLimits& limits);

}  // namespace lariat::publish
