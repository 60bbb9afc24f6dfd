#include "agent/publish/http_endpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "agent/base/units.h"
#include "agent/publish/http_target_of.h"

namespace lariat::publish {
namespace {

// A disk that could not be read for want of descriptors is tried again.
constexpr std::chrono::milliseconds kTryDisk{1'000};
constexpr std::chrono::milliseconds kAtOnce{0};
// No frame is smaller.
constexpr std::uint64_t kLeastFrame = 16;

}  // namespace

HttpEndpoint::HttpEndpoint(const EndpointContext& context, const EndpointConfig& config)
    : Endpoint(context, config, make_reader(context, config.limits)),
      batch_(config_.output.batch),
      age_(context.loop, [this]() noexcept { consider(); }),
      soon_(context.loop,
            [this]() noexcept {
              consider();
              if (!has_batch_ && !connected_) greet();
            }),
      ended_(context.loop, [this]() noexcept { end_series(); }),
      ceiling_(config_.back_off_min),
      random_(static_cast<std::minstd_rand::result_type>(context.seed)) {
  set_up();
}

HttpEndpoint::~HttpEndpoint() { HttpEndpoint::stop(); }

void HttpEndpoint::set_up() {
  if (client_) {
    past_watchers_.starts += client_->write_watcher_starts();
    past_watchers_.stops += client_->write_watcher_stops();
  }
  format_ = is_remote_write(config_.url) ? make_remote_write_format(config_.output)
                                         : make_influx_format(config_.output);
  compressor_ = std::make_unique<HttpCompressor>(compression_of(config_));
  seen_ = {};
  client_ =
      std::make_unique<HttpClient>(context_.loop, context_.resolver, target_of(config_),
                                   [this](const HttpAnswer& answer) noexcept { answered(answer); });
}

void HttpEndpoint::take_reader(std::unique_ptr<LogReader> reader) {
  reader->forget_resends();
  cursor_ = std::move(reader);
}

void HttpEndpoint::begin_reader() {
  if (reading_) return;
  reading_ = true;
  cursor_->serve_encoder(true);
  cursor_->begin_connection(context_.loop.wall_now());
  cursor_->allow_backlog(LogReader::kNoPace);
  wait_for_ends();
}

// What the server has not answered for goes back, whole.
void HttpEndpoint::end_reader() {
  take_stats();
  client_->cancel();
  for (auto* timer : {&age_, &soon_, &ended_}) timer->stop();
  waiting_since_.reset();
  has_batch_ = greeting_ = false;
  control_.reset();
  next_control_.reset();
  if (std::exchange(reading_, false)) cursor_->end_connection();
  context_.touched = true;
}

void HttpEndpoint::dial() {
  retry_.stop();
  begin_reader();
  if (!has_batch_) {
    soon_.start(kAtOnce);  // What is published in this turn goes in place of a greeting.
    wait_for_ends();
  } else if (expired()) {
    give_up();
  } else if (next_control_) {
    send_control(*std::exchange(next_control_, std::nullopt));
  } else {
    send();
  }
}

void HttpEndpoint::stop() {
  running_ = false;
  stop_timers();
  end_reader();
  connected_ = false;
}

void HttpEndpoint::abandon() noexcept {
  running_ = false;
  stop_timers();
  for (auto* timer : {&age_, &soon_, &ended_}) timer->stop();
  client_->abandon();
  connected_ = false;
}

bool HttpEndpoint::can_become(const EndpointConfig& next) const { return next.url.is_http(); }

void HttpEndpoint::hurry() {
  pressed_ = true;
  trouble_since_.reset();  // What it tries now has its own time.
  if (retry_.active()) {
    dial();
  } else {
    consider();
  }
}

void HttpEndpoint::press() {
  pressed_ = true;
  consider();
}

void HttpEndpoint::finish() {
  finishing_ = format_->has_open();
  hurry();
}

bool HttpEndpoint::settled() const noexcept { return cursor_->settled() && !finishing_; }

void HttpEndpoint::turn() {
  cursor_->judge();
  if (cursor_->behind()) cursor_->enforce_limits(context_.loop.wall_now());
  consider();
}

void HttpEndpoint::update_watchers() { consider(); }

// Looks whether a batch is to be begun, now or later.
void HttpEndpoint::consider() {
  if (!running_ || !reading_ || has_batch_ || retry_.active()) return;
  if (!cursor_->behind()) {
    age_.stop();
    waiting_since_.reset();
    pressed_ = false;
    if (finishing_) end_series();
    return;
  }
  const auto now = context_.loop.now();
  if (!waiting_since_) waiting_since_ = now;
  if (due()) {
    begin_batch();
  } else if (!age_.active()) {
    age_.start(config_.output.batch.age - (now - *waiting_since_));
  }
}

bool HttpEndpoint::due() {
  const auto& limits = config_.output.batch;
  if (pressed_ || finishing_ || context_.loop.now() - *waiting_since_ >= limits.age) return true;
  const auto lag = cursor_->lag();
  if (lag >= limits.bytes) return true;
  if (lag < limits.samples * kLeastFrame) return false;
  return cursor_->ledger(context_.loop.wall_now()).queued >= limits.samples;
}

void HttpEndpoint::begin_batch() {
  age_.stop();
  soon_.stop();
  const auto now = context_.loop.wall_now();
  cursor_->enforce_limits(now);
  batch_.clear();
  batch_.fill(*cursor_, *format_, totals_, context_.scratch, now);
  if (batch_.frames() == 0) {
    if (cursor_->behind()) soon_.start(cursor_->waits_for_disk() ? kTryDisk : kAtOnce);
    return;
  }
  waiting_since_.reset();
  // With more to come the present is not known yet.
  batch_.close(*format_, false, cursor_->behind() ? batch_.newest() : now);
  if (batch_.unsupported() > 0) tell_unsupported();
  begin_pieces();
}

// A request without samples, so that what is wrong with the URL shows before there are any.
void HttpEndpoint::greet() {
  if (!running_ || !reading_ || retry_.active() || cursor_->behind()) return;
  batch_.clear();
  has_batch_ = greeting_ = true;
  encoded_ = {};
  compressor_->compress({}, body_);
  client_->post(body_, format_->headers());
}

// With nothing but the ends of series.
void HttpEndpoint::end_series() {
  // Of those that wait to be gathered it is not known yet that they have come.
  if (!running_ || !reading_ || has_batch_ || retry_.active() || cursor_->behind()) return;
  batch_.clear();
  ends_all_ = finishing_;
  batch_.close(*format_, ends_all_, context_.loop.wall_now());
  begin_pieces();
}

void HttpEndpoint::begin_pieces() {
  has_batch_ = true;
  frames_rejected_ = 0;
  forget_blame();
  encoded_ = {};
  pieces_.begin(batch_.items().size());
  context_.touched = true;
  if (!pieces_.done()) {
    send();
    return;
  }
  settle_batch(0);
  soon_.start(kAtOnce);
}

// The server has answered for all of it, but for `expired` frames.
void HttpEndpoint::settle_batch(std::uint64_t expired) {
  has_batch_ = false;
  cursor_->acknowledge(cursor_->bytes_written());
  cursor_->refuse(DropReason::kRejected, frames_rejected_);
  cursor_->refuse(DropReason::kUnsupported, batch_.unsupported());
  cursor_->refuse(DropReason::kExpired, expired);
  context_.touched = true;
  if (std::exchange(ends_all_, false)) finishing_ = format_->has_open();
  wait_for_ends();
}

void HttpEndpoint::wait_for_ends() {
  if (const auto end = format_->next_end()) {
    ended_.start(std::max<std::chrono::nanoseconds>(*end - context_.loop.wall_now(),
                                                    std::chrono::milliseconds(1)));
  } else {
    ended_.stop();
  }
}

bool HttpEndpoint::expired() const {
  const auto& age = config_.limits.max_age;
  return age && batch_.frames() > 0 && batch_.newest() + *age < context_.loop.wall_now();
}

void HttpEndpoint::give_up() {
  std::uint64_t frames = 0;
  if (!pieces_.done()) {
    for (const auto& item : batch_.items().subspan(pieces_.next().from))
      frames += item.ours ? 0 : 1;
  }
  forget_blame();
  settle_batch(frames);
  consider();
}

void HttpEndpoint::send() { post(pieces_.next()); }

void HttpEndpoint::post(HttpPieces::Piece piece) {
  if (piece != encoded_) {
    compressor_->compress(batch_.body(piece), body_);
    encoded_ = piece;
  }
  client_->post(body_, format_->headers());
}

std::unique_ptr<Endpoint> make_http_endpoint(const EndpointContext& context,
                                             const EndpointConfig& config) {
  if (!config.url.is_http()) return nullptr;
  return std::make_unique<HttpEndpoint>(context, config);
}

}  // namespace lariat::publish
