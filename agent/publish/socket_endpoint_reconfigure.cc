// How an endpoint is changed while it runs, what it says of itself, and how a child lets go of it.

#include <fmt/format.h>

#include <utility>

#include "agent/net/socket_options.h"
#include "agent/publish/socket_endpoint.h"

namespace lariat::publish {

void SocketEndpoint::reconfigure(EndpointConfig config) {
  const bool moved = config.url != config_.url;
  // While `config_` still says what kind of socket it is.
  if (moved && connected()) close(EndReason::kLocal);
  const auto old = std::exchange(config_, std::move(config));
  const bool other_pace =
      old.back_off_min != config_.back_off_min || old.back_off_max != config_.back_off_max;
  if (moved || other_pace) {
    back_off_ = base::BackOff(config_.back_off_min, config_.back_off_max, context_.seed);
  }
  cursor_->change_limits(config_.limits, context_.loop.wall_now());
  if (!connected()) change_reader();
  context_.touched = true;
  if (!running_) return;
  if (moved) {
    told_ = false;
    last_error_.clear();
    context_.lines.info(fmt::format("endpoint {}: goes to {} from now on, with what {} has not got",
                                    config_.name, config_.url.text(), old.url.text()));
    dial();
    return;
  }
  context_.lines.info(fmt::format("endpoint {}: has other settings", config_.name));
  // A connection that lives was made with the old ones, and lives on.
  if (!connected() && old.output.tls != config_.output.tls) dial();
  retime(old);
  // What is new goes out at the end of the turn, without the watcher.
  if (!cursor_->behind()) update_watchers();
}

EndpointState SocketEndpoint::state() const noexcept {
  if (!running_) return EndpointState::kStopped;
  if (!connected()) return retry_.active() ? EndpointState::kWaiting : EndpointState::kConnecting;
  if (stalled_) return EndpointState::kStalled;
  // What is new in this turn goes out at its end: it is no lag yet.
  const bool behind = writable_.active() || cursor_->paced();
  return behind ? EndpointState::kBehind : EndpointState::kConnected;
}

void SocketEndpoint::abandon() noexcept {
  running_ = false;
  dialer_.cancel();
  stop_timers();
  for (auto* watcher : {&readable_, &writable_}) watcher->watch(-1);
  for (auto* timer : {&stall_, &disk_, &pace_, &open_}) timer->stop();
  channel_.reset();
}

void SocketEndpoint::retime(const EndpointConfig& old) {
  const bool other_stall = old.stall_timeout != config_.stall_timeout;
  if (dialer_.active() && (other_stall || old.connect_timeout != config_.connect_timeout)) dial();
  const bool other_pace =
      old.back_off_min != config_.back_off_min || old.back_off_max != config_.back_off_max;
  if (retry_.active() && other_pace) retry_.start(back_off_.next());
  if (open_.active() && old.connect_timeout != config_.connect_timeout) {
    open_.start(config_.connect_timeout - (context_.loop.now() - connected_at_));
  }
  if (connected() && other_stall) retime_stall();
  if (connected() && old.catch_up != config_.catch_up) begin_pace();
}

// A stall under the old time-out may be none under the new one.
void SocketEndpoint::retime_stall() {
  const auto quiet = context_.loop.now() - progress_at_;
  if (stalled_ && quiet < config_.stall_timeout) {
    set_stalled(false);
  } else if (!stalled_) {
    net::limit_silence(channel_->fd(), config_.stall_timeout);
  }
  if (stall_.active()) stall_.start(config_.stall_timeout - quiet);
}

}  // namespace lariat::publish
