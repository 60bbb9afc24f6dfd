#include "agent/publish/endpoint.h"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <utility>

#include "agent/base/units.h"
#include "agent/publish/cursor.h"
#include "agent/publish/spooled_cursor.h"

namespace lariat::publish {

std::string_view to_string(EndpointState state) noexcept {
  constexpr std::array<std::string_view, 6> kNames = {"connecting", "waiting", "connected",
                                                      "behind",     "stalled", "stopped"};
  return kNames[static_cast<std::size_t>(state)];
}

std::string_view to_string(EndReason reason) noexcept {
  constexpr std::array<std::string_view, kEndReasons> kNames = {"closed", "reset", "timeout",
                                                                "local"};
  return kNames[static_cast<std::size_t>(reason)];
}

std::unique_ptr<LogReader> make_reader(const EndpointContext& context, const CursorLimits& limits) {
  if (!context.log.spooled() && !limits.fresh_first) {
    return std::make_unique<Cursor>(context.log, limits);
  }
  return std::make_unique<SpooledCursor>(context.log, limits, context.resume);
}

Endpoint::Endpoint(const EndpointContext& context, EndpointConfig config,
                   std::unique_ptr<LogReader> reader)
    : context_(context),
      config_(std::move(config)),
      cursor_(std::move(reader)),
      back_off_(config_.back_off_min, config_.back_off_max, context.seed),
      retry_(context.loop, [this]() noexcept { dial(); }),
      judge_(context.loop, [this]() noexcept { judge_more(); }) {}

void Endpoint::start() {
  running_ = true;
  since_ = context_.loop.wall_now();
  judge_more();
  dial();
}

void Endpoint::judge_more() {
  const auto wait = cursor_->judge_more();
  if (wait) judge_.start(*wait);
  context_.touched = true;
  update_watchers();
}

void Endpoint::stop_timers() noexcept {
  retry_.stop();
  judge_.stop();
}

void Endpoint::evict_before(std::uint64_t position) {
  ask_acknowledged();
  cursor_->evict_before(position);
}

void Endpoint::lose(FramePlace from, FramePlace to) {
  ask_acknowledged();
  cursor_->lose(from, to);
}

void Endpoint::retry(const std::string& why) {
  const auto wait = back_off_.next();
  // One line a change of state: the same trouble again is not told again.
  if (!told_ || why != last_error_) {
    context_.lines.warning(fmt::format("endpoint {}: {}; next try in {}", config_.name, why,
                                       base::format_duration(wait)));
  }
  told_ = true;
  last_error_ = why;
  retry_.start(wait);
}

WatcherState Endpoint::write_watcher() const noexcept {
  const auto own = own_watcher();
  return {own.active, inherited_.starts + own.starts, inherited_.stops + own.stops};
}

std::unique_ptr<LogReader> Endpoint::with_lanes(std::unique_ptr<LogReader> reader) const {
  if (reader->has_lanes() || !config_.limits.fresh_first) return reader;
  return std::make_unique<SpooledCursor>(context_.log, config_.limits, reader->state());
}

Legacy Endpoint::bequeath() {
  auto watcher = write_watcher();
  return {.reader = give_reader(), .stats = stats_, .watcher = watcher};
}

void Endpoint::inherit(Legacy legacy) {
  stats_ = legacy.stats;
  inherited_ = legacy.watcher;
  take_reader(with_lanes(std::move(legacy.reader)));
  cursor_->change_limits(config_.limits, context_.loop.wall_now());
}

Ledger Endpoint::ledger() {
  ask_acknowledged();
  cursor_->judge();
  const auto now = context_.loop.wall_now();
  cursor_->enforce_limits(now);
  context_.touched = true;
  // What is new goes out at the end of the turn, without the watcher.
  if (!cursor_->behind()) update_watchers();
  return cursor_->ledger(now);
}

std::string Endpoint::left_in_words() {
  const auto now = ledger();
  if (now.queued == 0) return {};
  const auto age = std::chrono::floor<std::chrono::seconds>(now.oldest_age);
  return fmt::format("{} {} ({}) not delivered, the oldest {} old", now.queued,
                     now.queued == 1 ? "frame" : "frames", base::format_size(now.bytes_queued),
                     base::format_duration(age));
}

}  // namespace lariat::publish
