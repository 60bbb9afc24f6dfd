#include "agent/publish/publisher.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <utility>

#include "agent/publish/endpoint_report.h"
#include "agent/publish/socket_endpoint.h"

namespace lariat::publish {
namespace {

// What one read takes, and what a filter gathers for one write.
constexpr std::size_t kScratchBytes = std::size_t{64} << 10U;
constexpr std::chrono::milliseconds kFirstPoll{1};
constexpr std::chrono::milliseconds kLastPoll{50};
constexpr std::chrono::hours kForEver{24 * 365};

bool may_get_on(EndpointState state) noexcept {
  return state == EndpointState::kConnecting || state == EndpointState::kConnected ||
         state == EndpointState::kBehind;
}

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
      flush_poll_(loop, [this]() noexcept { poll_flush(); }),
      save_(loop, [this]() noexcept { save_cursors(); }),
      hold_(loop, []() noexcept {}) {
  log_.on_evict([this](std::uint64_t position) { evict_before(position); });
}

Publisher::~Publisher() = default;

std::unique_ptr<Endpoint> Publisher::make(const EndpointConfig& config,
                                          std::optional<Legacy> legacy) {
  const EndpointContext context{.loop = loop_,
                                .resolver = resolver_,
                                .log = log_,
                                .lines = lines_,
                                .scratch = scratch_,
                                .seed = std::random_device()(),
                                .touched = touched_,
                                .resume = legacy ? std::nullopt : saved_place(config.name),
                                .on_message = on_message_};
  std::unique_ptr<Endpoint> endpoint;
  if (make_other_) endpoint = make_other_(context, config);
  if (!endpoint) endpoint = std::make_unique<SocketEndpoint>(context, config);
  if (legacy) endpoint->inherit(*std::move(legacy));
  endpoint->start();
  // Where a new one began is not forgotten by a crash.
  if (spool_) save_.start(std::chrono::milliseconds(0));
  return endpoint;
}

// Nothing if there is none of that name; the list then keeps a hole where it stood.
std::unique_ptr<Endpoint> Publisher::take(std::string_view name) {
  const auto found = std::find_if(endpoints_.begin(), endpoints_.end(), [&](const auto& endpoint) {
    return endpoint && endpoint->config().name == name;
  });
  return found == endpoints_.end() ? nullptr : std::move(*found);
}

void Publisher::tell_removed(Endpoint& endpoint) {
  endpoint.stop();
  note_place(endpoint);
  const auto left = endpoint.left_in_words();
  const auto& name = endpoint.config().name;
  if (left.empty()) {
    lines_.info(fmt::format("endpoint {}: removed, with all delivered", name));
  } else {
    lines_.warning(fmt::format("endpoint {}: removed with {}", name, left));
  }
}

Endpoint& Publisher::add(const EndpointConfig& config) {
  endpoints_.push_back(make(config, {}));
  return *endpoints_.back();
}

void Publisher::remove(std::string_view name) {
  if (const auto endpoint = take(name)) tell_removed(*endpoint);
  std::erase(endpoints_, nullptr);
  touched_ = true;
}

void Publisher::apply(std::vector<EndpointConfig> configs) {
  std::vector<std::unique_ptr<Endpoint>> next;
  next.reserve(configs.size());
  for (auto& config : configs) {
    auto endpoint = take(config.name);
    if (!endpoint) {
      endpoint = make(config, {});
    } else if (endpoint->config() != config) {
      endpoint = changed(std::move(endpoint), std::move(config));
    }
    next.push_back(std::move(endpoint));
  }
  for (const auto& endpoint : endpoints_) {
    if (endpoint) tell_removed(*endpoint);
  }
  endpoints_ = std::move(next);
  touched_ = grew_ = true;
  // What a filter judged stands in the file with the filter.
  if (spool_) save_.start(std::chrono::milliseconds(0));
}

// One that speaks to its aggregator in another way from now on is another endpoint.
std::unique_ptr<Endpoint> Publisher::changed(std::unique_ptr<Endpoint> endpoint,
                                             EndpointConfig config) {
  if (endpoint->can_become(config)) {
    endpoint->reconfigure(std::move(config));
    return endpoint;
  }
  endpoint->stop();
  lines_.info(fmt::format("endpoint {}: goes to {} from now on, with what {} has not got",
                          config.name, config.url.text(), endpoint->config().url.text()));
  return make(config, endpoint->bequeath());
}

void Publisher::abandon() noexcept {
  for (const auto& endpoint : endpoints_) endpoint->abandon();
  if (spool_) spool_->abandon();
}

void Publisher::set_log_limits(LogLimits limits) {
  for (const auto& endpoint : endpoints_) endpoint->ask_acknowledged();
  release_log();
  if (spool_) limits.segment_bytes = log_.segment_bytes();
  log_.set_limits(limits);
  grew_ = true;  // Each endpoint has to see whether there is still something to send.
}

void Publisher::turn() {
  if (std::exchange(grew_, false)) {
    if (spool_) log_.write_through(loop_.wall_now());
    for (const auto& endpoint : endpoints_) endpoint->turn();
    touched_ = true;
  }
  if (!std::exchange(touched_, false)) return;
  release_log();
  schedule_beat();
  if (room_ && lag() <= room_lag_) {
    hold_.stop();
    std::exchange(room_, nullptr)();
  }
}

void Publisher::release_log() {
  auto held_from = log_.end();
  for (const auto& endpoint : endpoints_) held_from = std::min(held_from, endpoint->held_from());
  log_.release(held_from);
  release_spool(held_from);
}

// While endpoints are replaced the list has holes.
void Publisher::evict_before(std::uint64_t position) {
  for (const auto& endpoint : endpoints_) {
    if (endpoint) endpoint->evict_before(position);
  }
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
  draining_ = false;
  flush_done_ = std::move(done);
  flush_deadline_ = base::monotonic_now() + deadline;
  flush_wait_ = kFirstPoll;
  flush_poll_.start(std::chrono::milliseconds(0));
}

void Publisher::drain(std::chrono::milliseconds grace, std::function<void(bool)> done) {
  turn();
  for (const auto& endpoint : endpoints_) {
    if (!endpoint->settled()) endpoint->hurry();
    endpoint->finish();
  }
  flush(grace, std::move(done));
  draining_ = true;
}

std::vector<std::string> Publisher::farewell() {
  std::vector<std::string> lines;
  for (const auto& endpoint : endpoints_) {
    const auto left = endpoint->left_in_words();
    if (left.empty()) continue;
    const bool kept = spool_ && !spool_->degraded();
    lines.push_back(fmt::format("endpoint {}: ends with {}{}", endpoint->config().name, left,
                                kept ? "; the spool keeps it for the next run" : ""));
  }
  return lines;
}

void Publisher::poll_flush() {
  // What was published in this very turn has not been taken in yet.
  turn();
  bool all = true;
  bool hope = false;
  for (const auto& endpoint : endpoints_) {
    endpoint->ask_acknowledged();
    if (endpoint->settled()) continue;
    endpoint->press();
    all = false;
    // A backlog that is held back is the next run's.
    const bool kept = spool_ && endpoint->paced();
    hope = hope || !draining_ || (!kept && may_get_on(endpoint->state()));
  }
  const auto left = flush_deadline_ - base::monotonic_now();
  if (!hope || left <= std::chrono::nanoseconds(0)) {
    std::exchange(flush_done_, nullptr)(all);
    return;
  }
  flush_poll_.start(std::min<std::chrono::nanoseconds>(flush_wait_, left));
  flush_wait_ = std::min(flush_wait_ * 2, kLastPoll);
}

void Publisher::when_lag_below(std::uint64_t lag_bytes, std::function<void()> ready) {
  room_ = std::move(ready);
  room_lag_ = lag_bytes;
  hold_.start(kForEver);
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
  const auto oldest = log_.oldest();
  report.set(Metric::kLogFramesTotal, static_cast<double>(frames_published()));
  report.set(Metric::kLogBytesTotal, static_cast<double>(bytes_published()));
  report.set(Metric::kLogFrames, static_cast<double>(log_.end_sequence() - oldest.sequence));
  report.set(Metric::kLogMemoryBytes, static_cast<double>(log_.memory_bytes()));
  report.set(Metric::kLogSegments, static_cast<double>(log_.segments()));
  report_spool(report);
  for (const auto& endpoint : endpoints_) report_endpoint(*endpoint, report);
}

}  // namespace lariat::publish
