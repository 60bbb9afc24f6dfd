// The lanes of a spooled cursor, its limits and its account.

#include <algorithm>
#include <iterator>
#include <utility>

#include "agent/publish/spooled_cursor.h"
#include "proto/message.h"

namespace lariat::publish {
namespace {

// A file's head is read to see which of its frames are too old.
constexpr std::chrono::seconds kLookForAged{1};
// Of what a filter judged so much is noted in one piece: to drop a part of it, it is counted again.
constexpr std::uint64_t kMaxPiece = std::uint64_t{16} << 20U;

bool goes_on(const FrameRange& before, const FrameRange& next) noexcept {
  if (before.to != next.from || before.sieve != next.sieve) return false;
  if (before.judged != next.judged) return false;
  return !next.sieve || next.to.position - before.from.position <= kMaxPiece;
}

std::vector<FrameRange> joined(std::vector<FrameRange> ranges) {
  std::vector<FrameRange> joined;
  for (auto& range : ranges) {
    if (joined.empty() || !goes_on(joined.back(), range)) {
      joined.push_back(std::move(range));
      continue;
    }
    joined.back().to = range.to;
    joined.back().chosen += range.chosen;
  }
  return joined;
}

}  // namespace

// Lanes of which something is to be sent, but for the live one.
std::size_t SpooledCursor::backlog() const noexcept {
  std::size_t lanes = 0;
  for (std::size_t i = 1; i < lanes_.size(); ++i) {
    if (!lanes_[i].ranges.front().empty()) ++lanes;
  }
  return lanes;
}

std::size_t SpooledCursor::choose_lane() const noexcept {
  if (!live().front().empty() || allowance_ <= 0) return 0;
  for (std::size_t i = 1; i < lanes_.size(); ++i) {
    if (!lanes_[i].ranges.front().empty()) return i;
  }
  return 0;
}

void SpooledCursor::allow_backlog(std::int64_t bytes) {
  const bool whole = bytes == kNoPace || allowance_ == kNoPace;
  allowance_ = whole ? bytes : std::min(allowance_ + bytes, bytes);
}

SpooledCursor::Lane& SpooledCursor::lane_of(const Run& run) noexcept {
  return *std::find_if(lanes_.begin(), lanes_.end(),
                       [&](const Lane& lane) { return lane.id == run.lane; });
}

bool SpooledCursor::older_than(std::uint64_t position, base::WallTime time) const {
  const auto found = time_at(position);
  // What cannot be read is not fresh.
  return found == base::WallTime::max() || found < time;
}

// All that was missed is sent later, and what comes now at once.
void SpooledCursor::set_aside() {
  Lane lane{.id = ++last_lane_};
  lane.ranges = std::exchange(live(), {{.from = judged_, .to = judged_, .sieve = sieve_}});
  lanes_.insert(lanes_.begin() + 1, std::move(lane));
}

// Everything in order again.
void SpooledCursor::join_lanes() {
  if (lanes_.size() == 1) return;
  Lane all;
  for (auto lane = lanes_.rbegin(); lane != lanes_.rend(); ++lane) {
    all.runs += lane->runs;
    std::copy_if(lane->ranges.begin(), lane->ranges.end(), std::back_inserter(all.ranges),
                 [](const FrameRange& range) { return !range.empty(); });
  }
  if (all.ranges.empty() || all.ranges.back().to != judged_) {
    all.ranges.push_back({.from = judged_, .to = judged_, .sieve = sieve_});
  }
  lanes_.clear();
  lanes_.push_back(std::move(all));
  for (auto& run : runs_) run.lane = 0;
  jumped_ = true;
}

// Lanes that are used up.
void SpooledCursor::forget_lanes() {
  const auto used_up = [](const Lane& lane) {
    return lane.id != 0 && lane.runs == 0 && lane.ranges.size() == 1 && lane.ranges.front().empty();
  };
  std::erase_if(lanes_, used_up);
}

std::optional<FramePlace> SpooledCursor::frame_from(std::uint64_t position) const {
  if (position >= log_.begin()) return log_.frame_from(position);
  const auto stretch = log_.stretch_at(position);
  if (stretch.state == LogStretch::State::kLater) return std::nullopt;
  if (stretch.state == LogStretch::State::kGap) return stretch.to;
  const auto at = stretch.segment->frame_at(position);
  if (at.position == position) return FramePlace{at.position, at.sequence};
  const auto size = proto::message_size(stretch.segment->bytes_from(at.position));
  return FramePlace{at.position + size, at.sequence + 1};
}

// The oldest goes until no more than that is left.
void SpooledCursor::drop_over(std::uint64_t max_bytes) {
  const auto all = lag();
  if (all <= max_bytes) return;
  auto excess = all - max_bytes;
  std::optional<FramePlace> to;
  for (auto lane = lanes_.rbegin(); lane != lanes_.rend() && !to; ++lane) {
    const auto& ranges = lane->ranges;
    const auto last = std::find_if(ranges.begin(), ranges.end(), [&](const FrameRange& range) {
      const auto bytes = range.to.position - range.from.position;
      if (bytes >= excess) return true;
      excess -= bytes;
      return false;
    });
    if (last == ranges.end()) continue;
    to = frame_from(last->from.position + excess);
    if (!to) return;
  }
  if (to) drop_before(*to, DropReason::kFull);
}

void SpooledCursor::enforce_limits(base::WallTime now) {
  judge();  // Both limits are measured from the log's end.
  // What is unjudged would be read to be counted, all at once: it is judged soon.
  if (lane_to_judge() != nullptr) return;
  if (limits_.max_bytes) drop_over(*limits_.max_bytes);
  if (!limits_.max_age) return;
  const auto from = unsent_place().position;
  if (from == judged_.position) return;
  // The frames behind a mark were appended within a second of its time: none goes too early.
  const auto cutoff = now - *limits_.max_age - std::chrono::seconds(1);
  if (time_at(from) > cutoff) return;
  if (from < log_.begin()) {
    const auto since = now - aged_at_;
    if (since >= std::chrono::milliseconds(0) && since < kLookForAged) return;
    aged_at_ = now;
  }
  const auto young = log_.place_after(cutoff);
  drop_before(young.position < judged_.position ? young : judged_, DropReason::kExpired);
}

void SpooledCursor::change_limits(CursorLimits limits, base::WallTime now) {
  judge();  // What is there keeps the verdict of the filter it came under.
  if (limits.filter != limits_.filter) sieve_ = make_sieve(limits.filter);
  limits_ = std::move(limits);
  if (!limits_.fresh_first) join_lanes();
  enforce_limits(now);
}

base::WallTime SpooledCursor::time_at(std::uint64_t position) const {
  if (position >= log_.end()) return base::WallTime::max();
  if (position >= log_.begin()) return log_.time_at(position);
  if (position == time_asked_) return time_found_;
  const auto stretch = log_.stretch_at(position);
  if (stretch.state != LogStretch::State::kHeld) return base::WallTime::max();
  time_asked_ = position;
  return time_found_ = stretch.segment->time_at(position);
}

std::chrono::milliseconds SpooledCursor::oldest_age(base::WallTime now) const noexcept {
  auto time = time_at(held_place().position);
  if (time == base::WallTime::max()) time = time_found_;
  if (time == base::WallTime()) return {};
  return std::max(now - time, std::chrono::milliseconds(0));
}

Ledger SpooledCursor::account(base::WallTime now) const noexcept {
  Ledger ledger{
      .accepted = accepted_, .delivered = delivered_, .resent = resent_, .dropped = dropped_};
  for (const auto& run : runs_) {
    ledger.queued += run.lost ? run.ends.size() : run.frames.count().frames;
    ledger.bytes_in_flight += run.wire_end - std::clamp(acked_, run.wire, run.wire_end);
  }
  ledger.bytes_queued = ledger.bytes_in_flight;
  for (const auto& lane : lanes_) {
    for (const auto& range : lane.ranges) {
      if (!range.judged) continue;
      ledger.queued += range.count().frames;
      ledger.bytes_queued += range.count().bytes;
    }
  }
  if (ledger.queued != 0) ledger.oldest_age = oldest_age(now);
  return ledger;
}

bool SpooledCursor::settled() const noexcept {
  return judged_.position == log_.end() && live().size() == 1 && live().front().empty() &&
         backlog() == 0 && runs_.empty();
}

// The first frame that was not sent, or the end.
FramePlace SpooledCursor::unsent_place() const noexcept {
  for (auto lane = lanes_.rbegin(); lane != lanes_.rend(); ++lane) {
    const auto& front = lane->ranges.front();
    if (!front.empty()) return front.from;
  }
  return live().front().from;
}

FramePlace SpooledCursor::held_place() const noexcept {
  auto held = unsent_place();
  for (const auto& run : runs_) {
    if (!run.lost && run.frames.from.position < held.position) held = run.frames.from;
  }
  return held;
}

std::uint64_t SpooledCursor::lag() const noexcept {
  auto bytes = log_.end() - judged_.position;
  for (const auto& lane : lanes_) {
    for (const auto& range : lane.ranges) bytes += range.to.position - range.from.position;
  }
  return bytes;
}

// What is to be sent of a lane if the connection died now.
std::vector<FrameRange> SpooledCursor::left_of(const Lane& lane) const {
  std::vector<FrameRange> left;
  for (const auto& run : runs_) {
    if (run.lane == lane.id && !run.lost) left.push_back(run.frames);
  }
  std::copy_if(lane.ranges.begin(), lane.ranges.end(), std::back_inserter(left),
               [](const FrameRange& range) { return !range.empty(); });
  std::sort(left.begin(), left.end(), [](const FrameRange& a, const FrameRange& b) {
    return a.from.position < b.from.position;
  });
  return left;
}

ReaderState SpooledCursor::state() const {
  ReaderState state{.judged = judged_, .sieve = sieve_};
  for (const auto& lane : lanes_) {
    auto left = left_of(lane);
    if (lane.id == 0 || !left.empty()) state.lanes.push_back(joined(std::move(left)));
  }
  return state;
}

}  // namespace lariat::publish
