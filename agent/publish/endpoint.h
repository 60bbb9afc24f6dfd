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
#include "agent/base/unique_fd.h"
#include "agent/base/url.h"
#include "agent/loop/io_watcher.h"
#include "agent/loop/loop.h"
#include "agent/loop/timer.h"
#include "agent/net/dialer.h"
#include "agent/publish/frame_log.h"
#include "agent/publish/log_reader.h"
#include "agent/publish/output_options.h"
#include "agent/publish/reader_state.h"
#include "proto/decode.h"

namespace lariat::publish {

/// What the configuration says of one aggregator.
struct EndpointConfig {
  std::string name;
  base::Url url;
  CursorLimits limits;
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds stall_timeout{30'000};
  std::chrono::milliseconds back_off_min{500};
  std::chrono::milliseconds back_off_max{30'000};
  std::chrono::milliseconds heartbeat{60'000};  ///< 0: none.
  /// A backlog beside the live frames goes out at so many times the rate at which the log grows, at
  /// least at 256 KiB/s; 0: as fast as it goes.
  double catch_up = 4;
  OutputOptions output;

  friend bool operator==(const EndpointConfig&, const EndpointConfig&) = default;
};

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

/// One aggregator: a cursor into the shared log, and the connection its frames go out on.
///
/// Invariant: whenever the loop sleeps, the write watcher is active if and only if there is a
/// connection and bytes it may send now. An idle endpoint costs the loop nothing; a full socket is
/// never polled.
/// Delivery: whole frames, in order, at least once. Sent is not delivered: a frame counts when the
/// peer's kernel has acknowledged its last byte; what was not goes out again on the next
/// connection. It reconnects for ever, and nobody waits for it.
/// Ownership: borrows what the context names, which must outlive it. Threads: loop thread only.
class Endpoint {
 public:
  Endpoint(const EndpointContext& context, EndpointConfig config);
  ~Endpoint();
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;

  /// Begins to connect.
  void start();
  /// Closes the connection and does not reconnect.
  void stop();
  /// Takes other settings under the same name. Positions stay: at another address what is not
  /// acknowledged goes out again; at the same one the connection lives on. Limits, time-outs and
  /// heartbeat hold at once, a filter for frames that are appended from now on; `start` does not
  /// matter any more. Not to be called from a callback of its own.
  void reconfigure(EndpointConfig config);
  /// In a child process: closes its copies of descriptors. What the parent has is not touched, and
  /// nothing else can be done with it any more.
  void abandon() noexcept;
  /// It is to end soon: if it waits for its next attempt, that is made now, and a backlog that
  /// would be lost is not held back any more.
  void hurry();

  /// Once in a loop turn in which the log grew: takes in the new frames, and sends if the kernel
  /// is not known to refuse.
  void turn();
  /// Memory is about to drop what lies before `position`.
  void evict_before(std::uint64_t position);
  /// These frames are about to be had no more, neither in memory nor on disk.
  void lose(FramePlace from, FramePlace to);
  /// Sends a heartbeat, unless other bytes wait to be sent.
  void beat();
  /// When the next heartbeat is due if nothing is sent before: a multiple of its interval by the
  /// clock on the wall, half an interval or more after the last. Nothing: none is.
  [[nodiscard]] std::optional<base::WallTime> beat_due() const noexcept;
  /// Asks the kernel what the peer has acknowledged. No call but this one of `net` blocks or waits.
  void ask_acknowledged();

  [[nodiscard]] const EndpointConfig& config() const noexcept { return config_; }
  [[nodiscard]] const EndpointStats& stats() const noexcept { return stats_; }
  [[nodiscard]] const loop::IoWatcher& write_watcher() const noexcept { return writable_; }
  [[nodiscard]] bool connected() const noexcept { return static_cast<bool>(socket_); }
  [[nodiscard]] bool stalled() const noexcept { return stalled_; }
  [[nodiscard]] EndpointState state() const noexcept;
  /// When the connection was made or lost, or the stall began or ended; in the beginning: the
  /// start.
  [[nodiscard]] base::WallTime since() const noexcept { return since_; }
  /// The address connected to; empty without a connection.
  [[nodiscard]] std::string_view peer() const noexcept {
    return connected() ? std::string_view(peer_) : std::string_view();
  }
  /// Why it is not connected, in words for the operator; empty if all is well.
  [[nodiscard]] const std::string& last_error() const noexcept { return last_error_; }
  /// Exact now: drops what is over its age and asks the kernel first.
  [[nodiscard]] Ledger ledger();
  /// What would be lost if it ended now, in words; empty if that is nothing.
  [[nodiscard]] std::string left_in_words();
  [[nodiscard]] bool settled() const noexcept { return cursor_->settled(); }
  [[nodiscard]] std::uint64_t held_from() const noexcept { return cursor_->held_from(); }
  /// All that it has not got: where it is to go on after a restart.
  [[nodiscard]] ReaderState reader_state() const { return cursor_->state(); }
  /// All that may be sent now is on its way; a backlog waits for its turn.
  [[nodiscard]] bool paced() const noexcept { return cursor_->paced() && !cursor_->behind(); }
  [[nodiscard]] std::uint64_t lag() const noexcept { return cursor_->lag(); }

 private:
  void dial();
  void dialled(net::DialOutcome outcome);
  void attach(base::UniqueFd socket, const std::string& peer);
  void writable();
  void readable();
  void take_received(std::span<const std::byte> octets);
  void flush();
  [[nodiscard]] bool may_send() const noexcept;
  void add_heartbeat();
  void update_watchers();
  void arm_stall_timer();
  void look_for_stall();
  void set_stalled(bool stalled);
  void begin_pace();
  void pace();
  void judge_more();
  void change_reader();
  void retime(const EndpointConfig& old);
  void retime_stall();
  void fail(int error);
  void end(EndReason reason, const std::string& why);
  void close(EndReason reason);
  void retry(const std::string& why);

  EndpointContext context_;
  EndpointConfig config_;
  std::unique_ptr<LogReader> cursor_;
  EndpointStats stats_;
  base::BackOff back_off_;
  net::Dialer dialer_;

  base::UniqueFd socket_;
  std::string peer_;
  loop::IoWatcher readable_;
  loop::IoWatcher writable_;
  loop::Timer retry_;
  loop::Timer stall_;
  loop::Timer disk_;   // Until it is tried again.
  loop::Timer pace_;   // Until the backlog may go on.
  loop::Timer judge_;  // What an earlier run has left.
  proto::Decoder decoder_;
  bool running_ = false;
  bool stalled_ = false;
  bool heard_ = false;  // Anything, on this connection.
  bool has_lanes_;      // The cursor can keep a backlog.
  std::uint64_t acked_ = 0;
  base::Monotonic connected_at_;
  base::Monotonic progress_at_;
  base::Monotonic beat_at_;
  base::Monotonic paced_at_;  // The backlog was given its share of the time before.
  std::chrono::milliseconds pace_wait_{200};
  base::WallTime beat_wall_{};
  base::WallTime since_{};
  std::string last_error_;
  bool told_ = false;  // The log has the line that tells of the present trouble.
};

}  // namespace lariat::publish
