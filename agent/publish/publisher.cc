#include "agent/publish/publisher.h"

#include <algorithm>
#include <cassert>
#include <random>
#include <utility>

#include "agent/publish/endpoint_report.h"

namespace lariat::publish {
namespace {

// What one read takes, and what a filter gathers for one write.
constexpr std::size_t kScratchBytes = std::size_t{64} << 10U;
constexpr std::chrono::milliseconds kFirstPoll{1};
constexpr std::chrono::milliseconds kLastPoll{50};

}  // namespace

Publisher::Publisher(loop::Loop& loop, net::Resolver& resolver, const base::Log& lines,
                     LogLimits limits)
    : loop_(loop),
      resolver_(resolver),
      lines_(lines),
      log_(limits),
      scratch_(kScratchBytes),
      before_sleep_(loop, [this]() noexcept { turn(); }),
      beat_(loop, [this]() noexcept { beat(); }),
      flush_poll_(loop, [this]() noexcept { poll_flush(); }) {
  log_.on_evict([this](std::uint64_t position) { evict_before(position); });
}

Publisher::~Publisher() = default;

Endpoint& Publisher::add(EndpointConfig config) {
  const EndpointContext context{.loop = loop_,
                                .resolver = resolver_,
                                .log = log_,
                                .lines = lines_,
                                .scratch = scratch_,
                                .seed = std::random_device()(),
                                .touched = touched_};
  endpoints_.push_back(std::make_unique<Endpoint>(context, std::move(config)));
  endpoints_.back()->start();
  return *endpoints_.back();
}

void Publisher::remove(std::string_view name) {
  std::erase_if(endpoints_, [&](const auto& endpoint) { return endpoint->config().name == name; });
  touched_ = true;
}

void Publisher::turn() {
  if (std::exchange(grew_, false)) {
    for (const auto& endpoint : endpoints_) endpoint->turn();
    touched_ = true;
  }
  if (!std::exchange(touched_, false)) return;
  auto held_from = log_.end();
  for (const auto& endpoint : endpoints_) held_from = std::min(held_from, endpoint->held_from());
  log_.release(held_from);
  schedule_beat();
  if (room_ && lag() <= room_lag_) std::exchange(room_, nullptr)();
}

void Publisher::evict_before(std::uint64_t position) {
  for (const auto& endpoint : endpoints_) endpoint->evict_before(position);
}

void Publisher::beat() {
  const auto now = base::wall_now();
  for (const auto& endpoint : endpoints_) {
    const auto due = endpoint->beat_due();
    if (due && *due <= now) endpoint->beat();
  }
  beat_for_ = {};
  schedule_beat();
}

// At the next multiple of an interval by the clock on the wall: endpoints, and agents on one host,
// wake together. Without a connection there is no timer.
void Publisher::schedule_beat() {
  auto soonest = base::WallTime::max();
  for (const auto& endpoint : endpoints_) {
    soonest = std::min(soonest, endpoint->beat_due().value_or(soonest));
  }
  if (soonest == beat_for_) return;
  beat_for_ = soonest;
  if (soonest == base::WallTime::max()) {
    beat_.stop();
    return;
  }
  // A clock that was set back does not make us silent for as long.
  constexpr std::chrono::milliseconds kLeast{100};
  constexpr std::chrono::milliseconds kMost{std::chrono::hours(1)};
  const auto wait =
      std::chrono::duration_cast<std::chrono::milliseconds>(soonest - base::wall_now());
  beat_.start(std::clamp(wait, kLeast, kMost));
}

void Publisher::flush(std::chrono::milliseconds deadline, std::function<void(bool)> done) {
  flush_done_ = std::move(done);
  flush_deadline_ = base::monotonic_now() + deadline;
  flush_wait_ = kFirstPoll;
  flush_poll_.start(std::chrono::milliseconds(0));
}

void Publisher::poll_flush() {
  // What was published in this very turn has not been taken in yet.
  turn();
  bool all = true;
  for (const auto& endpoint : endpoints_) {
    endpoint->ask_acknowledged();
    all = all && endpoint->settled();
  }
  const auto left = flush_deadline_ - base::monotonic_now();
  if (all || left <= std::chrono::nanoseconds(0)) {
    std::exchange(flush_done_, nullptr)(all);
    return;
  }
  flush_poll_.start(std::min<std::chrono::nanoseconds>(flush_wait_, left));
  flush_wait_ = std::min(flush_wait_ * 2, kLastPoll);
}

void Publisher::when_lag_below(std::uint64_t lag_bytes, std::function<void()> ready) {
  room_ = std::move(ready);
  room_lag_ = lag_bytes;
  touched_ = true;
}

std::uint64_t Publisher::lag() const noexcept {
  std::uint64_t lag = 0;
  for (const auto& endpoint : endpoints_) {
    if (endpoint->connected() && !endpoint->stalled()) lag = std::max(lag, endpoint->lag());
  }
  return lag;
}

void Publisher::report(metrics::Report& report) const {
  using metrics::Metric;
  report.set(Metric::kLogFramesTotal, static_cast<double>(log_.end_sequence()));
  report.set(Metric::kLogBytesTotal, static_cast<double>(log_.end()));
  report.set(Metric::kLogFrames, static_cast<double>(log_.end_sequence() - log_.begin_sequence()));
  report.set(Metric::kLogMemoryBytes, static_cast<double>(log_.memory_bytes()));
  report.set(Metric::kLogSegments, static_cast<double>(log_.segments()));
  for (const auto& endpoint : endpoints_) report_endpoint(*endpoint, report);
}

}  // namespace lariat::publish
