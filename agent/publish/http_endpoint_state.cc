// How an endpoint of HTTP is changed while it runs, and what it says of itself.

#include <fmt/format.h>

#include <utility>

#include "agent/publish/http_endpoint.h"

namespace lariat::publish {
namespace {

bool speaks_alike(const EndpointConfig& a, const EndpointConfig& b) {
  return a.url == b.url && a.output == b.output && a.connect_timeout == b.connect_timeout &&
         a.stall_timeout == b.stall_timeout;
}

}  // namespace

void HttpEndpoint::reconfigure(EndpointConfig config) {
  const bool other = !speaks_alike(config, config_);
  const bool moved = config.url != config_.url;
  if (other) end_reader();
  const auto old = std::exchange(config_, std::move(config));
  ceiling_ = config_.back_off_min;
  if (other) {
    batch_ = HttpBatch(config_.output.batch);
    set_up();
  }
  change_reader();
  cursor_->change_limits(config_.limits, context_.loop.wall_now());
  context_.touched = true;
  if (!running_) return;
  if (moved) {
    context_.lines.info(fmt::format("endpoint {}: goes to {} from now on, with what {} has not got",
                                    config_.name, config_.url.text(), old.url.text()));
  } else {
    context_.lines.info(fmt::format("endpoint {}: has other settings", config_.name));
  }
  if (other) {
    set_connected(false);
    trouble_ = 0;
    trouble_since_.reset();
    last_error_.clear();
  }
  if (other || retry_.active()) dial();
}

// One that has no lanes cannot set anything aside.
void HttpEndpoint::change_reader() {
  if (!config_.limits.fresh_first || cursor_->has_lanes()) return;
  const bool reading = reading_;
  if (reading) end_reader();
  cursor_ = with_lanes(std::move(cursor_));
  if (reading) begin_reader();
}

bool HttpEndpoint::stalled() const noexcept {
  return connected_ && trouble_since_ &&
         context_.loop.now() - *trouble_since_ >= config_.stall_timeout;
}

EndpointState HttpEndpoint::state() const noexcept {
  if (!running_) return EndpointState::kStopped;
  if (stalled()) return EndpointState::kStalled;
  if (retry_.active()) return EndpointState::kWaiting;
  if (!connected_) return EndpointState::kConnecting;
  return has_batch_ && cursor_->behind() ? EndpointState::kBehind : EndpointState::kConnected;
}

WatcherState HttpEndpoint::own_watcher() const noexcept {
  return {client_->write_watcher_active(), past_watchers_.starts + client_->write_watcher_starts(),
          past_watchers_.stops + client_->write_watcher_stops()};
}

}  // namespace lariat::publish
