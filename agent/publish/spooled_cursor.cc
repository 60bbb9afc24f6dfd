// Which frames a spooled cursor has to send, and which it leaves out.

#include "agent/publish/spooled_cursor.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

#include "proto/message.h"

namespace lariat::publish {
namespace {

// A file's head is read to see which of its frames are too old.
constexpr std::chrono::seconds kLookForAged{1};
// Gaps that are met in one turn: to find one may have cost a look at a file.
constexpr int kMostGaps = 2;

FramePlace earlier(FramePlace a, FramePlace b) noexcept { return b.position < a.position ? b : a; }
FramePlace later(FramePlace a, FramePlace b) noexcept { return a.position < b.position ? b : a; }

// `place`, within the range: whatever numbers a file claims, none is counted twice.
FramePlace within(const FrameRange& range, FramePlace place) noexcept {
  place = earlier(range.to, later(range.from, place));
  place.sequence = std::clamp(place.sequence, range.from.sequence, range.to.sequence);
  return place;
}

std::shared_ptr<const Sieve> make_sieve(const std::optional<proto::Filter>& filter) {
  return filter ? std::make_shared<const Sieve>(filter) : nullptr;
}

}  // namespace

std::span<const std::byte> FrameSteps::next() {
  if (done()) return {};
  if (rest_.empty()) {
    const auto stretch = log_.stretch_at(at_.position);
    if (stretch.state != LogStretch::State::kHeld) return {};
    rest_ = stretch.segment->bytes_from(at_.position);
  }
  const auto frame = rest_.first(proto::message_size(rest_));
  rest_ = rest_.subspan(frame.size());
  at_ = {at_.position + frame.size(), at_.sequence + 1};
  return frame;
}

SpooledCursor::SpooledCursor(const FrameLog& log, CursorLimits limits,
                             std::optional<FramePlace> saved)
    : log_(log), limits_(std::move(limits)), sieve_(make_sieve(limits_.filter)), judged_(end()) {
  auto from = limits_.start == Start::kBegin ? log.oldest() : judged_;
  if (saved) from = *saved;
  from.position = std::min(from.position, judged_.position);
  from.sequence = std::min(from.sequence, judged_.sequence);
  ranges_.push_back({.from = from, .to = judged_, .sieve = sieve_, .judged = !sieve_});
  if (!sieve_) accepted_ = ranges_.front().count().frames;
  drop_lost();
}

void SpooledCursor::judge() {
  const auto to = end();
  if (to == judged_) return;
  judge_new(to);
  settle();
}

void SpooledCursor::judge_new(FramePlace to) {
  if (!sieve_) {
    accepted_ += to.sequence - judged_.sequence;
    if (!ranges_.back().sieve) {
      ranges_.back().to = to;
    } else {
      ranges_.push_back({.from = judged_, .to = to});
    }
    judged_ = to;
    return;
  }
  while (judged_.position < to.position) {
    // It is in memory: the log says before anything leaves.
    const auto& segment = log_.segment_at(judged_.position);
    FrameRange range{
        .from = judged_, .to = {segment.end(), segment.end_sequence()}, .sieve = sieve_};
    range.chosen = count(range);
    accepted_ += range.chosen.frames;
    judged_ = range.to;
    auto& last = ranges_.back();
    if (last.judged && last.sieve == sieve_ && range.from.position != segment.position()) {
      last.to = range.to;
      last.chosen += range.chosen;
    } else {
      ranges_.push_back(std::move(range));
    }
  }
}

// Leaves ranges that are used up.
void SpooledCursor::settle() {
  while (ranges_.size() > 1 && ranges_.front().empty()) {
    if (ranges_[1].from != ranges_.front().to) jumped_ = true;
    ranges_.pop_front();
  }
  auto& front = ranges_.front();
  if (front.empty()) front.from = front.to;
}

Count SpooledCursor::count(const FrameRange& range) const {
  Count count;
  FrameSteps steps(log_, range.from, range.to);
  for (auto frame = steps.next(); !frame.empty(); frame = steps.next()) {
    if (range.passes(frame)) count += {1, frame.size()};
  }
  return count;
}

// Makes the first range begin with a frame that can be sent. False: not in this turn. It reads few
// files for nothing, so that the loop does not wait for the disk for long.
bool SpooledCursor::bring_in() {
  waits_for_disk_ = false;
  int gaps = 0;
  for (settle(); !ranges_.front().empty(); settle()) {
    const auto from = ranges_.front().from;
    const auto stretch = log_.stretch_at(from.position);
    if (stretch.state == LogStretch::State::kLater) {
      waits_for_disk_ = true;
      return false;
    }
    if (stretch.state == LogStretch::State::kGap) {
      drop(from, stretch.to, stretch.damaged ? DropReason::kDamaged : DropReason::kEvicted);
      if (++gaps == kMostGaps) return false;
      continue;
    }
    if (!ranges_.front().judged) judge_front(stretch);
    if (ranges_.front().empty()) {
      settle();
      return false;
    }
    if (find_chosen(stretch)) return true;
  }
  return false;
}

// Of what an earlier run has left to be judged, the part that was just read.
void SpooledCursor::judge_front(const LogStretch& stretch) {
  auto rest = ranges_.front();
  auto& front = ranges_.front();
  front.to = earlier(rest.to, stretch.to);
  front.judged = true;
  front.chosen = count(front);
  accepted_ += front.chosen.frames;
  rest.from = front.to;
  if (rest.from != rest.to) ranges_.insert(ranges_.begin() + 1, std::move(rest));
}

// False: there is none in the stretch, and the range begins behind it.
bool SpooledCursor::find_chosen(const LogStretch& stretch) {
  auto& front = ranges_.front();
  if (!front.sieve) return true;
  FrameSteps steps(log_, front.from, earlier(front.to, stretch.to));
  for (auto place = steps.at();; place = steps.at()) {
    const auto frame = steps.next();
    if (frame.empty()) break;
    if (front.passes(frame)) {
      front.from = place;
      return true;
    }
  }
  front.from = steps.at();
  if (front.from.position < front.to.position) return false;
  // Those that were counted here were lost.
  dropped_[static_cast<std::size_t>(DropReason::kDamaged)] += front.chosen.frames;
  front.chosen = {};
  jumped_ = true;
  return false;
}

// Leaves in `parts` what is before and behind [from, to); how many frames are neither.
std::uint64_t SpooledCursor::cut_out(FramePlace from, FramePlace to,
                                     std::array<FrameRange, 2>& parts) const {
  auto lost = parts[0].count().frames;
  parts[0].to = within(parts[0], from);
  parts[1].from = within(parts[1], to);
  for (auto& part : parts) {
    if (part.sieve) {
      part.chosen = part.from == part.to || !part.judged ? Count{} : count(part);
      part.chosen.frames = std::min(part.chosen.frames, lost);
    }
    lost -= part.count().frames;
  }
  return lost;
}

// Cuts [from, to) out of what is to be sent.
void SpooledCursor::drop(FramePlace from, FramePlace to, DropReason reason) {
  std::deque<FrameRange> kept;
  for (auto& range : ranges_) {
    if (range.to.position <= from.position || range.from.position >= to.position) {
      kept.push_back(std::move(range));
      continue;
    }
    std::array<FrameRange, 2> parts{range, range};
    dropped_[static_cast<std::size_t>(reason)] += cut_out(from, to, parts);
    if (kept.empty() && parts[0].from == parts[0].to) jumped_ = true;
    for (auto& part : parts) {
      if (part.from != part.to) kept.push_back(std::move(part));
    }
  }
  ranges_ = std::move(kept);
  // The last one ends where everything is judged, also when its end was cut off.
  if (ranges_.empty() || ranges_.back().to != judged_) {
    ranges_.push_back({.from = judged_, .to = judged_, .sieve = sieve_});
  }
  settle();
}

// What is known to be lost is not queued.
void SpooledCursor::drop_lost() {
  const auto to = log_.end();
  for (auto place = ranges_.front().from; place.position < to;) {
    const auto spot = log_.spot_at(place.position);
    if (spot.state == LogStretch::State::kGap) {
      drop(place, earlier(spot.to, judged_),
           spot.damaged ? DropReason::kDamaged : DropReason::kEvicted);
    }
    place = spot.to;
  }
}

void SpooledCursor::evict_before(std::uint64_t /*position*/) { judge(); }

void SpooledCursor::lose(FramePlace from, FramePlace to) {
  judge();
  list_lost(from, to);
  drop(from, to, DropReason::kEvicted);
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

void SpooledCursor::enforce_limits(base::WallTime now) {
  judge();  // Both limits are measured from the log's end.
  if (limits_.max_bytes && lag() > *limits_.max_bytes) {
    const auto to = frame_from(judged_.position - *limits_.max_bytes);
    if (to) drop_before(*to, DropReason::kFull);
  }
  if (!limits_.max_age || ranges_.front().empty()) return;
  const auto from = ranges_.front().from.position;
  // The frames behind a mark were appended within a second of its time: none goes too early.
  const auto cutoff = now - *limits_.max_age - std::chrono::seconds(1);
  if (time_at(from) > cutoff) return;
  if (from < log_.begin()) {
    const auto since = now - aged_at_;
    if (since >= std::chrono::milliseconds(0) && since < kLookForAged) return;
    aged_at_ = now;
  }
  drop_before(earlier(log_.place_after(cutoff), judged_), DropReason::kExpired);
}

void SpooledCursor::change_limits(CursorLimits limits, base::WallTime now) {
  judge();  // What is there keeps the verdict of the filter it came under.
  if (limits.filter != limits_.filter) sieve_ = make_sieve(limits.filter);
  limits_ = std::move(limits);
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

Ledger SpooledCursor::ledger(base::WallTime now) const noexcept {
  Ledger ledger{
      .accepted = accepted_, .delivered = delivered_, .resent = resent_, .dropped = dropped_};
  for (const auto& run : runs_) {
    ledger.queued += run.lost ? run.ends.size() : run.frames.count().frames;
    ledger.bytes_in_flight += run.wire_end - std::clamp(acked_, run.wire, run.wire_end);
  }
  ledger.bytes_queued = ledger.bytes_in_flight;
  for (const auto& range : ranges_) {
    if (!range.judged) continue;
    ledger.queued += range.count().frames;
    ledger.bytes_queued += range.count().bytes;
  }
  if (ledger.queued != 0) ledger.oldest_age = oldest_age(now);
  return ledger;
}

bool SpooledCursor::settled() const noexcept {
  return judged_.position == log_.end() && ranges_.size() == 1 && ranges_.front().empty() &&
         runs_.empty();
}

FramePlace SpooledCursor::held_place() const noexcept {
  return runs_.empty() ? ranges_.front().from : runs_.front().frames.from;
}

std::uint64_t SpooledCursor::lag() const noexcept {
  return log_.end() - ranges_.front().from.position;
}

}  // namespace lariat::publish
