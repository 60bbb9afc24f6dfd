// How an endpoint holds a backlog back.

#include <algorithm>
#include <memory>
#include <random>

#include "agent/publish/socket_endpoint.h"

namespace lariat::publish {
namespace {

// Bytes a second.
constexpr double kLeastPace = 256.0 * 1024;
// Agents that come back together begin with their backlogs one by one.
constexpr std::chrono::milliseconds kLongestStart{2'000};
// A share is about so much: what comes live waits behind one at most. It is not given more often,
// nor less often, than that; what was not used in time is not saved up.
constexpr double kShare = 64.0 * 1024;
constexpr std::chrono::milliseconds kLeastWait{10};
constexpr std::chrono::milliseconds kLongestWait{200};
constexpr std::chrono::milliseconds kLongestShare{500};

}  // namespace

void SocketEndpoint::begin_pace() {
  if (config_.catch_up == 0) {
    pace_.stop();
    cursor_->allow_backlog(LogReader::kNoPace);
    return;
  }
  std::minstd_rand chance(
      static_cast<std::minstd_rand::result_type>(context_.seed + stats_.connects));
  std::uniform_int_distribution<std::int64_t> wait(0, kLongestStart.count());
  paced_at_ = context_.loop.now() + std::chrono::milliseconds(wait(chance));
  cursor_->allow_backlog(0);
}

void SocketEndpoint::pace() {
  const auto now = context_.loop.now();
  const auto share = std::min<std::chrono::nanoseconds>(now - paced_at_, kLongestShare);
  if (share > std::chrono::nanoseconds(0)) {
    const auto arrival = context_.log.arrival_rate(context_.loop.wall_now());
    const auto rate = std::max(kLeastPace, config_.catch_up * arrival);
    const auto bytes = rate * std::chrono::duration<double>(share).count();
    const std::chrono::milliseconds wait(static_cast<std::int64_t>(1e3 * kShare / rate));
    pace_wait_ = std::clamp(wait, kLeastWait, kLongestWait);
    // Less than what stands for no pace at all.
    constexpr double kMost = 1e15;
    cursor_->allow_backlog(static_cast<std::int64_t>(std::min(bytes, kMost)));
    paced_at_ = now;
  }
  if (cursor_->behind() && !writable_.active()) {
    flush();
  } else {
    update_watchers();
  }
}

void SocketEndpoint::hurry() {
  if (!context_.log.spooled()) {
    config_.catch_up = 0;
    if (connected()) {
      begin_pace();
      update_watchers();
    }
  }
  if (retry_.active()) dial();
}

}  // namespace lariat::publish
