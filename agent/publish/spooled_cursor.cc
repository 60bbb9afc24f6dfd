// Which frames a spooled cursor has to send, and which it leaves out.

#include "agent/publish/spooled_cursor.h"

#include <algorithm>
#include <utility>

#include "proto/message.h"

namespace lariat::publish {
namespace {

// What an earlier run left to be judged, at the start: more is judged while it runs.
constexpr int kJudgedAtStart = 8;
constexpr std::chrono::milliseconds kTryDisk{1'000};

FramePlace earlier(FramePlace a, FramePlace b) noexcept { return b.position < a.position ? b : a; }
FramePlace later(FramePlace a, FramePlace b) noexcept { return a.position < b.position ? b : a; }

// `place`, within the range: whatever numbers a file claims, none is counted twice.
FramePlace within(const FrameRange& range, FramePlace place) noexcept {
  place = earlier(range.to, later(range.from, place));
  place.sequence = std::clamp(place.sequence, range.from.sequence, range.to.sequence);
  return place;
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
                             const std::optional<ReaderState>& state)
    : log_(log), limits_(std::move(limits)), sieve_(make_sieve(limits_.filter)) {
  if (state) {
    take_up(*state);
  } else {
    take_up({.judged = limits_.start == Start::kBegin ? log.oldest() : end(), .sieve = sieve_});
  }
  drop_lost();
  for (int part = 0; part < kJudgedAtStart && judge_more() == std::chrono::milliseconds(0);) ++part;
}

void SpooledCursor::take_up(const ReaderState& state) {
  const auto clamped = [this](FramePlace place) -> FramePlace {
    return {std::min(place.position, end().position), std::min(place.sequence, end().sequence)};
  };
  lanes_.resize(std::max<std::size_t>(state.lanes.size(), 1));
  for (std::size_t i = 0; i < state.lanes.size(); ++i) {
    auto& lane = lanes_[i];
    if (i > 0) lane.id = ++last_lane_;
    for (auto range : state.lanes[i]) {
      range.from = clamped(range.from);
      range.to = clamped(range.to);
      if (range.judged) accepted_ += range.count().frames;
      lane.ranges.push_back(std::move(range));
    }
    if (i > 0 && lane.ranges.empty()) lane.ranges.emplace_back();
  }
  if (state.so_far) {
    accepted_ = state.so_far->accepted;
    delivered_ = state.so_far->delivered;
    resent_ = state.so_far->resent;
    dropped_ = state.so_far->dropped;
  }
  // What was appended after the state was noted.
  judged_ = end();
  FrameRange rest{.from = clamped(state.judged), .to = judged_, .sieve = state.sieve};
  rest.judged = !rest.sieve || rest.from == rest.to;
  if (!rest.sieve) accepted_ += rest.count().frames;
  live().push_back(std::move(rest));
  for (auto& lane : lanes_) settle(lane.ranges);
}

void SpooledCursor::judge() {
  const auto to = end();
  if (to == judged_) return;
  judge_new(to);
  settle(live());
}

void SpooledCursor::judge_new(FramePlace to) {
  auto& ranges = live();
  if (!sieve_) {
    accepted_ += to.sequence - judged_.sequence;
    if (!ranges.back().sieve && !ranges.back().resend) {
      ranges.back().to = to;
    } else {
      ranges.push_back({.from = judged_, .to = to});
    }
    judged_ = to;
    return;
  }
  while (judged_.position < to.position) {
    // It is in memory: the log says before anything leaves.
    const auto& segment = log_.segment_at(judged_.position);
    const FramePlace segment_end{segment.end(), segment.end_sequence()};
    FrameRange range{.from = judged_, .to = earlier(segment_end, to), .sieve = sieve_};
    range.chosen = count(range);
    accepted_ += range.chosen.frames;
    judged_ = range.to;
    auto& last = ranges.back();
    const bool goes_on = last.judged && !last.resend && last.sieve == sieve_;
    if (goes_on && range.from.position != segment.position()) {
      last.to = range.to;
      last.chosen += range.chosen;
    } else {
      ranges.push_back(std::move(range));
    }
  }
}

// Leaves ranges that are used up.
void SpooledCursor::settle(Ranges& ranges) {
  while (ranges.size() > 1 && ranges.front().empty()) {
    if (ranges[1].from != ranges.front().to) jumped_ = true;
    ranges.pop_front();
  }
  auto& front = ranges.front();
  if (front.empty()) front.from = front.to;
}

// Of those that can be had.
SpooledCursor::Counted SpooledCursor::count_held(const FrameRange& range) const {
  Count count;
  FrameSteps steps(log_, range.from, range.to);
  for (auto frame = steps.next(); !frame.empty(); frame = steps.next()) {
    if (range.passes(frame)) count += {1, frame.size()};
  }
  return {count, steps.done()};
}

// Those that cannot be had would have passed, for all that is known.
Count SpooledCursor::count_or_all(const FrameRange& range) const {
  Count all;
  auto rest = range;
  while (rest.from.position < range.to.position) {
    const auto stretch = log_.stretch_at(rest.from.position);
    const bool held = stretch.state == LogStretch::State::kHeld;
    const bool later = stretch.state == LogStretch::State::kLater;
    rest.to = later ? range.to : within(range, stretch.to);
    if (held) {
      all += count(rest);
    } else {
      all += {rest.to.sequence - rest.from.sequence, rest.to.position - rest.from.position};
    }
    rest.from = rest.to;
  }
  return all;
}

// Of what an earlier run has left to be judged, the part that was just read.
void SpooledCursor::judge_part(Ranges& ranges, std::size_t at, const LogStretch& stretch) {
  auto rest = ranges[at];
  auto& part = ranges[at];
  part.to = earlier(rest.to, stretch.to);
  part.judged = true;
  part.chosen = count(part);
  accepted_ += part.chosen.frames;
  rest.from = part.to;
  if (rest.from == rest.to) return;
  ranges.insert(ranges.begin() + static_cast<std::ptrdiff_t>(at) + 1, std::move(rest));
}

std::optional<std::chrono::milliseconds> SpooledCursor::judge_more() {
  constexpr std::chrono::milliseconds kAtOnce{0};
  Lane* lane = lane_to_judge();
  if (lane == nullptr) return std::nullopt;
  const auto unjudged = std::find_if(lane->ranges.begin(), lane->ranges.end(),
                                     [](const FrameRange& range) { return !range.judged; });
  const auto from = unjudged->from;
  const auto stretch = log_.stretch_at(from.position);
  if (stretch.state == LogStretch::State::kLater) return kTryDisk;
  if (stretch.state == LogStretch::State::kGap) {
    drop(from, stretch.to, stretch.damaged ? DropReason::kDamaged : DropReason::kEvicted);
  } else {
    judge_part(lane->ranges, static_cast<std::size_t>(unjudged - lane->ranges.begin()), stretch);
    settle(lane->ranges);
  }
  return lane_to_judge() == nullptr ? std::nullopt : std::optional(kAtOnce);
}

// The first that has a range of which nobody knows what passes; null: none has.
SpooledCursor::Lane* SpooledCursor::lane_to_judge() noexcept {
  const auto unjudged = [](const FrameRange& range) { return !range.judged; };
  const auto lane = std::find_if(lanes_.begin(), lanes_.end(), [&](const Lane& one) {
    return std::any_of(one.ranges.begin(), one.ranges.end(), unjudged);
  });
  return lane == lanes_.end() ? nullptr : &*lane;
}

// Leaves in `parts` what is before and behind [from, to); what is neither.
Count SpooledCursor::cut_out(FramePlace from, FramePlace to, std::array<FrameRange, 2>& parts) {
  auto cut = parts[0];
  cut.from = within(cut, from);
  cut.to = within(cut, to);
  parts[0].to = cut.from;
  parts[1].from = cut.to;
  if (!cut.judged) {
    const auto lost = count_or_all(cut);
    accepted_ += lost.frames;
    return lost;
  }
  if (!cut.sieve) return cut.count();
  const auto all = cut.chosen;
  for (auto& part : parts) part.chosen = {};
  const bool some_before = parts[0].from != parts[0].to;
  const bool some_behind = parts[1].from != parts[1].to;
  if (!some_before && !some_behind) return all;
  // What goes is counted if it can be had: there may be much that stays.
  const auto [gone, whole] = count_held(cut);
  if (whole && !(some_before && some_behind)) {
    parts[some_behind ? 1 : 0].chosen = less(all, gone);
    return {std::min(gone.frames, all.frames), gone.bytes};
  }
  auto lost = all;
  for (auto& part : parts) {
    part.chosen = part.from == part.to ? Count{} : count(part);
    part.chosen.frames = std::min(part.chosen.frames, lost.frames);
    lost = less(lost, part.chosen);
  }
  return lost;
}

// Cuts [from, to) out of what is to be sent.
void SpooledCursor::drop(FramePlace from, FramePlace to, DropReason reason) {
  for (auto& lane : lanes_) drop_of(lane, from, to, reason);
  // The live one ends where everything is judged, also when its end was cut off.
  if (live().back().to != judged_) {
    live().push_back({.from = judged_, .to = judged_, .sieve = sieve_});
  }
  for (auto& lane : lanes_) settle(lane.ranges);
}

void SpooledCursor::drop_of(Lane& lane, FramePlace from, FramePlace to, DropReason reason) {
  Ranges kept;
  for (auto& range : lane.ranges) {
    const bool apart = range.to.position <= from.position || range.from.position >= to.position;
    if (apart || range.from == range.to) {
      kept.push_back(std::move(range));
      continue;
    }
    std::array<FrameRange, 2> parts{range, range};
    dropped_[static_cast<std::size_t>(reason)] += cut_out(from, to, parts).frames;
    if (kept.empty() && parts[0].from == parts[0].to) jumped_ = true;
    for (auto& part : parts) {
      if (part.from != part.to) kept.push_back(std::move(part));
    }
  }
  const auto end = lane.ranges.back().to;
  lane.ranges = std::move(kept);
  if (lane.ranges.empty()) lane.ranges.push_back({.from = end, .to = end});
}

// What is known to be lost is not queued.
void SpooledCursor::drop_lost() {
  const auto to = judged_.position;
  for (auto place = unsent_place(); place.position < to;) {
    const auto spot = log_.spot_at(place.position);
    if (spot.state == LogStretch::State::kGap) {
      drop(place, earlier(spot.to, judged_),
           spot.damaged ? DropReason::kDamaged : DropReason::kEvicted);
    }
    place = spot.to;
  }
}

void SpooledCursor::evict_before(std::uint64_t position) {
  judge();
  if (!log_.spooled()) lose({}, log_.frame_at(position));
}

void SpooledCursor::lose(FramePlace from, FramePlace to) {
  judge();
  list_lost(from, to);
  drop(from, to, DropReason::kEvicted);
}

}  // namespace lariat::publish
