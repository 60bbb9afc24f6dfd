#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/base/log.h"
#include "agent/loop/loop.h"
#include "agent/loop/prepare_hook.h"
#include "agent/loop/timer.h"
#include "agent/metrics/source.h"
#include "agent/net/resolver.h"
#include "agent/publish/endpoint.h"
#include "agent/publish/frame_log.h"
#include "agent/publish/spool.h"

namespace lariat::publish {

/// Makes an endpoint that is no `SocketEndpoint`; null: it is one.
using EndpointMaker = std::function<std::unique_ptr<Endpoint>(const EndpointContext& context,
                                                              const EndpointConfig& config)>;

/// One log, any number of endpoints: what is published once goes to each of them, at its own pace.
///
/// `publish` copies a frame to the log and returns; nothing of it can block on or fail because of
/// an endpoint. Once a loop turn, before the loop sleeps, each endpoint takes in what is new and
/// writes. With nothing to send nothing is done: no timer but the one of the heartbeats.
/// Ownership: owns log and endpoints; borrows loop, resolver and lines, which must outlive it.
/// Threads: loop thread only.
class Publisher final : public metrics::Source {
 public:
  Publisher(loop::Loop& loop, net::Resolver& resolver, const base::Log& lines,
            LogLimits limits = {});
  ~Publisher();
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;

  /// Keeps the log and the endpoints' positions on disk from now on: before anything is published
  /// and before endpoints are added, which go on where their namesakes were. An error if the spool
  /// is another agent's; any other trouble is told in a line, and the log is in memory until it is
  /// over. The size of the log's segments does not change any more. `segment_bytes` is filled in.
  [[nodiscard]] base::Result<bool> open_spool(SpoolOptions options,
                                              std::shared_ptr<SpoolIo> io = nullptr);
  /// At the end of a run: all that was published and the positions are on disk after it, or it
  /// returns false. Nothing is published any more.
  bool close_spool(std::chrono::milliseconds patience);
  /// Null: the log is in memory only.
  [[nodiscard]] const Spool* spool() const noexcept { return spool_.get(); }

  /// Begins to connect and to take in frames. The name is not in use yet.
  Endpoint& add(const EndpointConfig& config);
  /// Closes its connection and forgets its position; one line tells what was left.
  void remove(std::string_view name);
  /// Makes the endpoints those of `configs`, in that order; no name is in it twice. The same name
  /// is the same endpoint: unchanged it is not touched, changed it is reconfigured and keeps its
  /// position. The others are removed, new ones added. Not to be called from a callback of an
  /// endpoint; one of a signal will do.
  void apply(std::vector<EndpointConfig> configs);
  /// In a child process, before the destructor: gives up all that the parent goes on with, and
  /// closes this process's copies of it.
  void abandon() noexcept;
  /// Other limits of the log from now on; what no endpoint needs goes first.
  void set_log_limits(LogLimits limits);

  /// Takes one whole, valid SUBMIT message. False if it is larger than a segment of the log.
  [[nodiscard]] bool publish(std::span<const std::byte> frame) {
    return publish(frame, loop_.wall_now());
  }
  /// The same at a time that the caller knows.
  [[nodiscard]] bool publish(std::span<const std::byte> frame, base::WallTime now) {
    grew_ = true;
    return log_.append(frame, now);
  }
  /// Takes in and sends now what else waits for the end of the turn. For a program that publishes
  /// much outside of the loop. Not to be called from a callback of an endpoint.
  void push() { turn(); }
  /// Of endpoints that are no `SocketEndpoint`; to be set before endpoints are added.
  void make_others_with(EndpointMaker make) { make_other_ = std::move(make); }
  /// Runs for each message that a peer sends; to be set before endpoints are added.
  void on_message(ReceivedMessage run) { on_message_ = std::move(run); }

  /// Calls `done(all)` once: when every frame published so far is delivered or dropped at each
  /// endpoint (`all`), or at the deadline. One flush at a time; another replaces it. Polls the
  /// kernel every 1 to 50 ms, as there is no event for an acknowledgement.
  void flush(std::chrono::milliseconds deadline, std::function<void(bool all)> done);
  /// The same at the end of a run: it waits only for endpoints that may still get on, that is, are
  /// connected and not stalled, or connecting. One that waits for its next attempt makes it now,
  /// and is given up when it fails. When no other is left waiting has no sense, and `done(false)`
  /// comes before the deadline.
  void drain(std::chrono::milliseconds grace, std::function<void(bool all)> done);
  /// What would be lost, or with a spool be left for the next run, if this one ended now: one line
  /// for each endpoint that has not all.
  [[nodiscard]] std::vector<std::string> farewell();
  /// Calls `ready` once, at the end of a turn, when no endpoint that takes data lags by more than
  /// `lag_bytes`. For sources that can wait; those that are away or stalled hold up nobody. `ready`
  /// starts its source again, in a later turn: it publishes nothing itself.
  void when_lag_below(std::uint64_t lag_bytes, std::function<void()> ready);
  /// The largest lag among the endpoints that take data.
  [[nodiscard]] std::uint64_t lag() const noexcept;

  [[nodiscard]] const FrameLog& log() const noexcept { return log_; }
  /// In this run.
  [[nodiscard]] std::uint64_t frames_published() const noexcept {
    return log_.end_sequence() - first_.sequence;
  }
  [[nodiscard]] std::uint64_t bytes_published() const noexcept {
    return log_.end() - first_.position;
  }
  [[nodiscard]] std::span<const std::unique_ptr<Endpoint>> endpoints() const noexcept {
    return endpoints_;
  }

  /// Asks the kernel what has arrived, so that each endpoint's numbers are of one moment.
  void report(metrics::Report& report) const override;

 private:
  [[nodiscard]] std::unique_ptr<Endpoint> make(const EndpointConfig& config,
                                               std::optional<Legacy> legacy);
  [[nodiscard]] std::unique_ptr<Endpoint> changed(std::unique_ptr<Endpoint> endpoint,
                                                  EndpointConfig config);
  [[nodiscard]] std::unique_ptr<Endpoint> take(std::string_view name);
  void tell_removed(Endpoint& endpoint);
  void turn();
  void release_log();
  void evict_before(std::uint64_t position);
  void lose(FramePlace from, FramePlace to);
  void report_spool(metrics::Report& report) const;
  [[nodiscard]] SpoolEvents spool_events();
  [[nodiscard]] std::optional<ReaderState> saved_place(const std::string& name) const;
  void note_place(const Endpoint& endpoint);
  [[nodiscard]] SpoolCursors present_cursors();
  void save_cursors();
  void release_spool(std::uint64_t held_from);
  void beat();
  void schedule_beat();
  void poll_flush();

  loop::Loop& loop_;
  net::Resolver& resolver_;
  const base::Log& lines_;
  std::unique_ptr<Spool> spool_;
  FrameLog log_;                  // Borrows the spool.
  FramePlace first_;              // The log's end when the run began.
  SpoolCursors places_;           // Of endpoints that were removed too.
  bool places_changed_ = false;   // Since they were saved.
  std::uint64_t saved_from_ = 0;  // No endpoint's place that was last saved lies before it.
  std::vector<std::byte> scratch_;
  ReceivedMessage on_message_;
  EndpointMaker make_other_;
  bool grew_ = false;
  bool touched_ = false;
  std::vector<std::unique_ptr<Endpoint>> endpoints_;  // Borrow what stands above.
  loop::PrepareHook before_sleep_;
  loop::Timer beat_;
  base::WallTime beat_for_ = base::WallTime::max();  // What the timer is set to; max: it is not.
  loop::Timer flush_poll_;
  loop::Timer save_;
  // While somebody waits for room: endpoints between requests have no watcher, and the loop would
  // end.
  loop::Timer hold_;

  std::function<void(bool)> flush_done_;
  base::Monotonic flush_deadline_;
  std::chrono::milliseconds flush_wait_{};
  bool draining_ = false;  // Endpoints that cannot get on are not waited for.
  std::function<void()> room_;
  std::uint64_t room_lag_ = 0;
};

}  // namespace lariat::publish
