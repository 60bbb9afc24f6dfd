// What a spooled cursor has on the wire.

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <utility>

#include "agent/publish/spooled_cursor.h"
#include "proto/message.h"

namespace lariat::publish {
namespace {

// Gaps, and files with nothing that passes, that are met in one turn: each may have cost a look at
// a file.
constexpr int kMostGaps = 2;
// Of a backlog in one write: what comes live waits for no more.
constexpr std::size_t kBacklogTurn = std::size_t{256} << 10U;

// By place; what can be one range is. They do not overlap.
void put_in_order(std::deque<FrameRange>& ranges) {
  std::sort(ranges.begin(), ranges.end(), [](const FrameRange& a, const FrameRange& b) {
    return std::pair(a.from.position, a.to.position) < std::pair(b.from.position, b.to.position);
  });
  std::deque<FrameRange> joined;
  for (auto& range : ranges) {
    const bool goes_on = !joined.empty() && !joined.back().sieve && !range.sieve &&
                         joined.back().resend == range.resend && joined.back().to == range.from;
    if (goes_on) {
      joined.back().to = range.to;
    } else {
      joined.push_back(std::move(range));
    }
  }
  ranges = std::move(joined);
}

}  // namespace

void SpooledCursor::begin_connection(base::WallTime now) {
  assert(runs_.empty());
  head_.clear();
  head_sent_ = 0;
  written_ = 0;
  acked_ = 0;
  messages_ = 0;
  allowance_ = 0;
  jumped_ = true;
  enforce_limits(now);
  forget_lanes();
  settle(live());
  const auto& oldest = live().front();
  const bool room = lanes_.size() <= kMaxBacklog;
  if (!limits_.fresh_first || !room || oldest.empty()) return;
  if (older_than(oldest.from.position, now - kFreshAfter)) set_aside();
}

// The rest of a cut frame stands in the head already.
void SpooledCursor::add_control(std::span<const std::byte> message) {
  head_.insert(head_.end(), message.begin(), message.end());
  ++messages_;
}

// Makes the first range begin with a frame that can be sent. False: not in this turn. It reads few
// files for nothing, so that the loop does not wait for the disk for long.
bool SpooledCursor::bring_in(Ranges& ranges) {
  waits_for_disk_ = false;
  int gaps = 0;
  for (settle(ranges); !ranges.front().empty(); settle(ranges)) {
    const auto from = ranges.front().from;
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
    if (!ranges.front().judged) judge_part(ranges, 0, stretch);
    if (ranges.front().empty()) {
      settle(ranges);
      return false;
    }
    if (find_chosen(ranges.front(), stretch)) return true;
    if (++gaps == kMostGaps) return false;
  }
  return false;
}

// False: there is none in the stretch, and the range begins behind it.
bool SpooledCursor::find_chosen(FrameRange& front, const LogStretch& stretch) {
  if (!front.sieve) return true;
  const bool all = stretch.to.position >= front.to.position;
  FrameSteps steps(log_, front.from, all ? front.to : stretch.to);
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

std::size_t SpooledCursor::gather(std::span<iovec> spans, std::size_t max_bytes,
                                  std::span<std::byte> scratch) {
  forget_lanes();
  sending_ = choose_lane();
  std::size_t count = 0;
  auto& ranges = lanes_[sending_].ranges;
  const bool ready = bring_in(ranges);
  if (head_sent_ < head_.size()) {
    spans[count++] = {head_.data() + head_sent_, head_.size() - head_sent_};
  }
  if (!ready) return count;
  const auto& front = ranges.front();
  if (front.sieve) {
    spans[count] = gather_chosen(front, scratch);
    return count + 1;
  }
  // An encoder takes whole frames, for which it goes into debt.
  if (sending_ != 0 && !for_encoder_) {
    const auto allowed = static_cast<std::uint64_t>(std::max<std::int64_t>(allowance_, 1));
    max_bytes = static_cast<std::size_t>(std::min<std::uint64_t>(allowed, kBacklogTurn));
  }
  if (front.from.position >= log_.begin()) {
    return count +
           log_.read(front.from.position, front.to.position, spans.subspan(count), max_bytes);
  }
  const auto stretch = log_.stretch_at(front.from.position);
  const auto to = std::min(stretch.to.position, front.to.position);
  const auto bytes = stretch.segment->bytes_from(front.from.position);
  const auto size = std::min<std::uint64_t>(to - front.from.position, max_bytes);
  // sendmsg() does not write to it.
  spans[count] = {const_cast<std::byte*>(bytes.data()), static_cast<std::size_t>(size)};
  return count + 1;
}

// Frames that pass, of one segment, copied together as far as there is room. One that is larger
// than the room goes out as it lies, alone.
iovec SpooledCursor::gather_chosen(const FrameRange& front, std::span<std::byte> scratch) const {
  const auto stretch = log_.stretch_at(front.from.position);
  const auto to = std::min(stretch.to.position, front.to.position);
  auto bytes = stretch.segment->bytes_from(front.from.position);
  bytes = bytes.first(static_cast<std::size_t>(to - front.from.position));
  std::size_t gathered = 0;
  while (!bytes.empty()) {
    const auto frame = bytes.first(proto::message_size(bytes));
    bytes = bytes.subspan(frame.size());
    if (!front.passes(frame)) continue;
    if (frame.size() > scratch.size() - gathered) {
      if (gathered == 0) return {const_cast<std::byte*>(frame.data()), frame.size()};
      break;
    }
    std::memcpy(scratch.data() + gathered, frame.data(), frame.size());
    gathered += frame.size();
  }
  return {scratch.data(), gathered};
}

void SpooledCursor::forget_resends() {
  for (auto& lane : lanes_) {
    for (auto& range : lane.ranges) range.resend = false;
  }
}

Gathered SpooledCursor::gathered() const {
  const auto& front = lanes_[sending_].ranges.front();
  if (front.empty()) return {};
  return {.resend = front.resend, .oldest = time_at(front.from.position)};
}

void SpooledCursor::wrote(std::size_t bytes) {
  const auto from_head = std::min(bytes, head_.size() - head_sent_);
  head_sent_ += from_head;
  written_ += from_head;
  if (head_sent_ == head_.size()) {
    head_.clear();
    head_sent_ = 0;
  }
  const auto rest = bytes - from_head;
  if (rest == 0) return;
  auto& lane = lanes_[sending_];
  auto& front = lane.ranges.front();
  const auto taken = front.sieve ? take_chosen(front, rest) : take_all(front, rest);
  add_run(lane, rest + taken.rest.size(), taken);
  written_ += rest;
  head_.assign(taken.rest.begin(), taken.rest.end());
  messages_ += taken.chosen.frames;
  if (front.resend) resent_ += taken.chosen.frames;
  if (lane.id != 0 && allowance_ != kNoPace) {
    allowance_ -= static_cast<std::int64_t>(taken.to.position - front.from.position);
  }
  if (front.sieve) {
    // Some that could not be read when it was last counted stand as dropped.
    const auto known = std::min(front.chosen.frames, taken.chosen.frames);
    accepted_ += taken.chosen.frames - known;
    front.chosen = less(front.chosen, taken.chosen);
  }
  front.from = taken.to;
  jumped_ = false;
  settle(lane.ranges);
}

SpooledCursor::Taken SpooledCursor::take_all(const FrameRange& front, std::size_t bytes) const {
  const auto to = front.from.position + bytes;
  // The segment that holds the last byte written.
  const auto stretch = log_.stretch_at(to - 1);
  assert(stretch.state == LogStretch::State::kHeld);
  Taken taken{.to = stretch.to};
  if (to < stretch.to.position) {
    const auto at = stretch.segment->frame_at(to);
    taken.to = {at.position, at.sequence};
    if (at.position < to) {
      const auto lies = stretch.segment->bytes_from(at.position);
      const auto frame = lies.first(proto::message_size(lies));
      taken.rest = frame.subspan(static_cast<std::size_t>(to - at.position));
      taken.to = {at.position + frame.size(), at.sequence + 1};
    }
  }
  taken.chosen = {taken.to.sequence - front.from.sequence, taken.to.position - front.from.position};
  return taken;
}

SpooledCursor::Taken SpooledCursor::take_chosen(const FrameRange& front, std::size_t bytes) const {
  Taken taken;
  FrameSteps steps(log_, front.from, front.to);
  while (bytes > 0) {
    const auto frame = steps.next();
    assert(!frame.empty());
    if (!front.passes(frame)) continue;
    const auto part = std::min(bytes, frame.size());
    bytes -= part;
    taken.chosen += {1, frame.size()};
    taken.rest = frame.subspan(part);
  }
  taken.to = steps.at();
  return taken;
}

void SpooledCursor::add_run(Lane& lane, std::uint64_t bytes, const Taken& taken) {
  const auto& front = lane.ranges.front();
  if (!runs_.empty() && !jumped_ && !runs_.back().lost) {
    auto& last = runs_.back();
    const bool alike = last.lane == lane.id && last.frames.sieve == front.sieve;
    if (alike && last.wire_end == written_) {
      last.wire_end += bytes;
      last.frames.to = taken.to;
      last.frames.chosen += taken.chosen;
      return;
    }
  }
  ++lane.runs;
  runs_.push_back(
      {.wire = written_,
       .wire_end = written_ + bytes,
       .lane = lane.id,
       .frames = {
           .from = front.from, .to = taken.to, .sieve = front.sieve, .chosen = taken.chosen}});
}

void SpooledCursor::acknowledge(std::uint64_t bytes) {
  acked_ = std::max(acked_, std::min(bytes, written_));
  while (!runs_.empty() && runs_.front().wire_end <= acked_) {
    const auto& run = runs_.front();
    delivered_ += run.lost ? run.ends.size() : run.frames.count().frames;
    --lane_of(run).runs;
    runs_.pop_front();
  }
  if (!runs_.empty() && runs_.front().wire < acked_) acknowledge_part(runs_.front());
}

// What was acknowledged of frames that the log has no more.
void SpooledCursor::acknowledge_lost(Run& run) {
  const auto rest = std::upper_bound(run.ends.begin(), run.ends.end(), acked_);
  if (rest == run.ends.begin()) return;
  const auto frames = static_cast<std::uint64_t>(rest - run.ends.begin());
  const auto bytes = *(rest - 1) - run.wire;
  delivered_ += frames;
  run.wire += bytes;
  if (!run.frames.sieve) {
    run.frames.from.position += bytes;
    run.frames.from.sequence += frames;
  }
  run.ends.erase(run.ends.begin(), rest);
}

void SpooledCursor::acknowledge_part(Run& run) {
  if (run.lost) {
    acknowledge_lost(run);
    return;
  }
  auto& frames = run.frames;
  if (!frames.sieve) {
    const auto position = frames.from.position + (acked_ - run.wire);
    const auto stretch = log_.stretch_at(position);
    // If it cannot be had they count when the run is through.
    if (stretch.state != LogStretch::State::kHeld) return;
    const auto at = stretch.segment->frame_at(position);
    delivered_ += at.sequence - frames.from.sequence;
    run.wire += at.position - frames.from.position;
    frames.from = {at.position, at.sequence};
    return;
  }
  FrameSteps steps(log_, frames.from, frames.to);
  for (auto frame = steps.next(); !frame.empty(); frame = steps.next()) {
    if (frames.passes(frame)) {
      if (run.wire + frame.size() > acked_) return;
      run.wire += frame.size();
      ++delivered_;
      frames.chosen.frames -= 1;
      frames.chosen.bytes -= frame.size();
    }
    frames.from = steps.at();
  }
}

// What of a run lies before, in and behind [from, to); nothing if its frames cannot be had.
std::optional<std::array<SpooledCursor::Run, 3>> SpooledCursor::split(const Run& run,
                                                                      FramePlace from,
                                                                      FramePlace to) const {
  const auto& frames = run.frames;
  std::array<Run, 3> parts;
  parts.fill({.wire = run.wire, .wire_end = run.wire, .lane = run.lane, .frames = frames});
  parts[0].frames.chosen = parts[1].frames.chosen = {};
  parts[1].lost = true;
  const auto end = to.position < frames.to.position ? to : frames.to;
  FrameSteps steps(log_, frames.from, end);
  auto wire = run.wire;
  for (auto at = steps.at(); !steps.done(); at = steps.at()) {
    const auto frame = steps.next();
    if (frame.empty()) return std::nullopt;
    auto& part = parts[at.position < from.position ? 0 : 1];
    if (part.frames.chosen.frames == 0) {
      part.wire = part.wire_end = wire;
      part.frames.from = at;
    }
    part.frames.to = steps.at();
    if (!frames.passes(frame)) continue;
    wire += frame.size();
    part.wire_end = wire;
    part.frames.chosen += {1, frame.size()};
    if (part.lost) part.ends.push_back(wire);
  }
  // What lies behind is not read for it: there may be much of it.
  auto& behind = parts[2];
  behind.frames.from = steps.at();
  behind.wire = wire;
  behind.wire_end = run.wire_end;
  if (frames.sieve) {
    for (const auto* before : {&parts[0], &parts[1]}) {
      behind.frames.chosen = less(behind.frames.chosen, before->frames.chosen);
    }
  }
  return parts;
}

// Frames in flight that will be had no more: where they end is noted, so that they still count as
// delivered when they are.
void SpooledCursor::list_lost(FramePlace from, FramePlace to) {
  std::deque<Run> runs;
  for (auto& run : runs_) {
    const auto& frames = run.frames;
    const bool apart = frames.to.position <= from.position || frames.from.position >= to.position;
    auto parts = run.lost || apart ? std::nullopt : split(run, from, to);
    if (!parts) {
      runs.push_back(std::move(run));
      continue;
    }
    for (auto& part : *parts) {
      if (part.wire_end > part.wire) runs.push_back(std::move(part));
    }
  }
  runs_ = std::move(runs);
  for (auto& lane : lanes_) lane.runs = 0;
  for (const auto& run : runs_) ++lane_of(run).runs;
}

void SpooledCursor::end_connection() {
  for (auto& run : runs_) {
    if (run.lost) {
      dropped_[static_cast<std::size_t>(DropReason::kEvicted)] += run.ends.size();
      continue;
    }
    run.frames.resend = true;
    lane_of(run).ranges.push_back(std::move(run.frames));
  }
  runs_.clear();
  for (auto& lane : lanes_) {
    lane.runs = 0;
    put_in_order(lane.ranges);
    settle(lane.ranges);
  }
  head_.clear();
  head_sent_ = 0;
  waits_for_disk_ = false;
  jumped_ = true;
  drop_lost();
  forget_lanes();
}

}  // namespace lariat::publish
