// What an endpoint of HTTP makes of a server's answers.

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "agent/base/units.h"
#include "agent/publish/http_endpoint.h"

namespace lariat::publish {
namespace {

constexpr std::size_t kKeptRejected = 16;
constexpr std::chrono::minutes kRejectedTold{1};
// Kinds of trouble: a status, or one of these and more.
constexpr int kNotConnectedKind = 1'000;
constexpr int kEndKind = 2'000;

/// For the log and for terminals: what controls them is left out.
std::string printable(std::string text) {
  const auto controls = [](char octet) {
    const auto value = static_cast<unsigned char>(octet);
    return value < ' ' || value == 0x7f;
  };
  std::replace_if(text.begin(), text.end(), controls, '?');
  return text;
}

EndReason reason_of(HttpEnd end) noexcept {
  switch (end) {
    case HttpEnd::kTimedOut:
      return EndReason::kTimeout;
    case HttpEnd::kClosed:
      return EndReason::kClosed;
    default:
      return EndReason::kReset;
  }
}

}  // namespace

void HttpEndpoint::take_stats() {
  const auto& now = client_->stats();
  stats_.connects += now.connects - seen_.connects;
  stats_.bytes_sent += now.bytes_sent - seen_.bytes_sent;
  stats_.write_calls += now.requests - seen_.requests;
  stats_.write_wakeups += now.write_wakeups - seen_.write_wakeups;
  stats_.write_wakeups_empty += now.write_wakeups_empty - seen_.write_wakeups_empty;
  seen_ = now;
}

void HttpEndpoint::set_connected(bool connected) {
  if (connected_ != connected) since_ = context_.loop.wall_now();
  connected_ = connected;
}

void HttpEndpoint::answered(const HttpAnswer& answer) {
  take_stats();
  context_.touched = true;
  const bool greeting = std::exchange(greeting_, false);
  if (greeting) has_batch_ = false;
  if (answer.end != HttpEnd::kAnswered) {
    not_answered(answer);
    return;
  }
  set_connected(true);
  const auto verdict = judge(answer, format_->stores_part());
  if (greeting) {
    greeted(answer, verdict);
    return;
  }
  if (std::exchange(control_, std::nullopt)) {
    control_answered(answer, verdict);
    return;
  }
  switch (verdict) {
    case HttpVerdict::kTaken:
      taken();
      return;
    case HttpVerdict::kPartly:
      partly_taken(answer);
      return;
    case HttpVerdict::kRefused:
    case HttpVerdict::kTooLarge:
      refused(answer, verdict == HttpVerdict::kTooLarge);
      return;
    case HttpVerdict::kMisconfigured:
      wait_and_retry(config_.back_off_max, in_words(answer, client_->peer()), answer.status);
      return;
    case HttpVerdict::kBusy:
      busy(answer);
      return;
  }
}

void HttpEndpoint::not_answered(const HttpAnswer& answer) {
  control_.reset();
  set_connected(false);
  int kind = kEndKind + static_cast<int>(answer.end);
  if (answer.end == HttpEnd::kNotConnected) {
    const auto failure = static_cast<std::size_t>(answer.failure);
    ++stats_.connect_failures[failure - 1];
    kind = kNotConnectedKind + static_cast<int>(failure);
  } else {
    ++stats_.disconnects[static_cast<std::size_t>(reason_of(answer.end))];
  }
  wait_and_retry(jittered(), answer.detail, kind);
}

// One that takes no request without samples is there all the same.
void HttpEndpoint::greeted(const HttpAnswer& answer, HttpVerdict verdict) {
  if (verdict == HttpVerdict::kBusy || verdict == HttpVerdict::kMisconfigured) {
    const bool busy = verdict == HttpVerdict::kBusy;
    wait_and_retry(busy ? wait_after(answer) : config_.back_off_max,
                   in_words(answer, client_->peer()), answer.status);
    return;
  }
  well();
  wait_for_ends();
  consider();
}

void HttpEndpoint::taken() {
  stats_.last_success = context_.loop.wall_now();
  pause_ = {};
  well();
  if (busy_answers_ > 0) poison_ = false;  // It was the server after all.
  if (good_ == std::nullopt) good_ = pieces_.next().from;
  batch_.taken();
  pieces_.pass();
  go_on();
}

// Which ones it has not stored it does not say.
void HttpEndpoint::partly_taken(const HttpAnswer& answer) {
  const auto piece = pieces_.next();
  const auto dropped = std::clamp<std::uint64_t>(answer.dropped, 1, piece.size());
  stats_.last_success = context_.loop.wall_now();
  pause_ = {};
  well();
  frames_rejected_ += dropped;
  rejected_untold_ += dropped;
  keep_rejected({.name = fmt::format("{} of {} lines", dropped, piece.size()),
                 .value = 0,
                 .seconds = batch_.items()[piece.from].seconds,
                 .why = answer.first_line});
  tell_rejected(answer);
  pieces_.pass();
  go_on();
}

void HttpEndpoint::refused(const HttpAnswer& answer, bool too_large) {
  well();
  if (too_large) batch_.too_large(batch_.body(pieces_.next()).size());
  if (const auto out = too_large ? pieces_.halve() : pieces_.refuse()) note_rejected(*out, answer);
  go_on();
}

void HttpEndpoint::go_on() {
  busy_answers_ = controls_taken_ = 0;
  if (!pieces_.done()) {
    send();
    return;
  }
  settle_batch(0);
  // After an outage the server may get what is fresh first.
  if (std::exchange(was_away_, false) && config_.limits.fresh_first) {
    end_reader();
    begin_reader();
  }
  if (pieces_.none_taken() && !pressed_ && !finishing_) {
    pause();
  } else {
    consider();
  }
}

// A server that refuses all of a batch is not asked about the next at once.
void HttpEndpoint::pause() {
  const auto most = std::max(config_.back_off_max, config_.back_off_min);
  pause_ = std::clamp(pause_ * 2, config_.back_off_min, most);
  rest_ = pause_;
  retry_.start(pause_);
}

void HttpEndpoint::note_rejected(HttpPieces::Piece piece, const HttpAnswer& answer) {
  const auto items = batch_.items().subspan(piece.from, piece.size());
  const auto& item = items.front();
  auto name = printable(format_->name_of(batch_.octets_of(item)));
  if (items.size() > 1) name = fmt::format("{} samples from {} on", items.size(), name);
  keep_rejected({.name = std::move(name),
                 .value = item.value,
                 .seconds = item.seconds,
                 .why = fmt::format("{}: {}", answer.status, answer.first_line)});
  std::uint64_t frames = 0;
  for (const auto& each : items) frames += each.ours ? 0 : 1;
  if (frames == 0) return;
  frames_rejected_ += frames;
  rejected_untold_ += frames;
  tell_rejected(answer);
}

void HttpEndpoint::keep_rejected(RejectedSample sample) {
  if (rejected_.size() == kKeptRejected) rejected_.erase(rejected_.begin());
  rejected_.push_back(std::move(sample));
}

// At most a line a minute.
void HttpEndpoint::tell_rejected(const HttpAnswer& answer) {
  const auto now = context_.loop.now();
  if (rejected_told_ && now - *rejected_told_ < kRejectedTold) return;
  rejected_told_ = now;
  context_.lines.warning(fmt::format(
      "endpoint {}: {} has refused {}, the last is {}: {} {}", config_.name, client_->peer(),
      std::exchange(rejected_untold_, 0), rejected_.back().name, answer.status, answer.first_line));
}

void HttpEndpoint::tell_unsupported() {
  if (std::exchange(unsupported_told_, true)) return;
  context_.lines.warning(
      fmt::format("endpoint {}: {} cannot be expressed for {}; such frames are left out and "
                  "counted as unsupported",
                  config_.name, printable(batch_.first_unsupported()), config_.url.scheme));
}

// One line a change of state: the same trouble again is not told again.
void HttpEndpoint::wait_and_retry(std::chrono::milliseconds wait, const std::string& why,
                                  int kind) {
  if (kind != trouble_) {
    context_.lines.warning(fmt::format("endpoint {}: {}; next try in {}", config_.name, why,
                                       base::format_duration(wait)));
  }
  trouble_ = kind;
  if (!trouble_since_) trouble_since_ = context_.loop.now();
  last_error_ = why;
  was_away_ = true;
  rest_ = wait;
  retry_.start(wait);
}

std::chrono::milliseconds HttpEndpoint::wait_after(const HttpAnswer& answer) {
  const auto wanted = retry_after(answer.retry_after, context_.loop.wall_now());
  return std::max(jittered(), wanted.value_or(std::chrono::milliseconds(0)));
}

std::chrono::milliseconds HttpEndpoint::jittered() {
  constexpr int kLeastPart = 10;
  const auto most = ceiling_.count();
  ceiling_ = std::min(ceiling_ * 2, std::max(config_.back_off_max, config_.back_off_min));
  std::uniform_int_distribution<std::int64_t> chance(most / kLeastPart, most);
  return std::chrono::milliseconds(chance(random_));
}

void HttpEndpoint::well() {
  ceiling_ = config_.back_off_min;
  if (!told_ || trouble_ != 0) {
    context_.lines.info(fmt::format("endpoint {}: {} takes data", config_.name, client_->peer()));
  }
  told_ = true;
  trouble_ = 0;
  trouble_since_.reset();
  last_error_.clear();
}

}  // namespace lariat::publish
