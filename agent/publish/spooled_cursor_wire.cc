// What a spooled cursor has on the wire.

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <utility>

#include "agent/publish/spooled_cursor.h"
#include "proto/message.h"

namespace lariat::publish {

void SpooledCursor::begin_connection() {
  assert(runs_.empty());
  head_.clear();
  head_sent_ = 0;
  written_ = 0;
  acked_ = 0;
  messages_ = 0;
  jumped_ = true;
  settle();
}

// The rest of a cut frame stands in the head already.
void SpooledCursor::add_control(std::span<const std::byte> message) {
  head_.insert(head_.end(), message.begin(), message.end());
  ++messages_;
}

std::size_t SpooledCursor::gather(std::span<iovec> spans, std::size_t max_bytes,
                                  std::span<std::byte> scratch) {
  std::size_t count = 0;
  const bool ready = bring_in();
  if (head_sent_ < head_.size()) {
    spans[count++] = {head_.data() + head_sent_, head_.size() - head_sent_};
  }
  if (!ready) return count;
  const auto& front = ranges_.front();
  if (front.sieve) {
    spans[count] = gather_chosen(scratch);
    return count + 1;
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
iovec SpooledCursor::gather_chosen(std::span<std::byte> scratch) const {
  const auto& front = ranges_.front();
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
  const auto taken = ranges_.front().sieve ? take_chosen(rest) : take_all(rest);
  add_run(rest + taken.rest.size(), taken);
  written_ += rest;
  head_.assign(taken.rest.begin(), taken.rest.end());
  messages_ += taken.chosen.frames;
  resent_ += taken.resent;
  auto& front = ranges_.front();
  if (front.sieve) {
    front.chosen.frames -= taken.chosen.frames;
    front.chosen.bytes -= taken.chosen.bytes;
  }
  front.from = taken.to;
  jumped_ = false;
  settle();
}

SpooledCursor::Taken SpooledCursor::take_all(std::size_t bytes) const {
  const auto& front = ranges_.front();
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
  if (resend_until_ >= taken.to.position) {
    taken.resent = taken.chosen.frames;
  } else if (resend_until_ > front.from.position) {
    const auto* segment = log_.stretch_at(resend_until_).segment;
    taken.resent = segment->frame_at(resend_until_).sequence - front.from.sequence;
  }
  return taken;
}

SpooledCursor::Taken SpooledCursor::take_chosen(std::size_t bytes) const {
  const auto& front = ranges_.front();
  Taken taken;
  FrameSteps steps(log_, front.from, front.to);
  while (bytes > 0) {
    const auto at = steps.at();
    const auto frame = steps.next();
    assert(!frame.empty());
    if (!front.passes(frame)) continue;
    const auto part = std::min(bytes, frame.size());
    bytes -= part;
    taken.chosen += {1, frame.size()};
    taken.rest = frame.subspan(part);
    if (at.position < resend_until_) ++taken.resent;
  }
  taken.to = steps.at();
  return taken;
}

void SpooledCursor::add_run(std::uint64_t bytes, const Taken& taken) {
  const auto& front = ranges_.front();
  if (!runs_.empty() && !jumped_ && !runs_.back().lost) {
    auto& last = runs_.back();
    if (last.wire_end == written_ && last.frames.sieve == front.sieve) {
      last.wire_end += bytes;
      last.frames.to = taken.to;
      last.frames.chosen += taken.chosen;
      return;
    }
  }
  runs_.push_back(
      {.wire = written_,
       .wire_end = written_ + bytes,
       .frames = {
           .from = front.from, .to = taken.to, .sieve = front.sieve, .chosen = taken.chosen}});
}

void SpooledCursor::acknowledge(std::uint64_t bytes) {
  acked_ = std::max(acked_, std::min(bytes, written_));
  while (!runs_.empty() && runs_.front().wire_end <= acked_) {
    const auto& run = runs_.front();
    delivered_ += run.lost ? run.ends.size() : run.frames.count().frames;
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
  parts.fill({.wire = run.wire, .wire_end = run.wire, .frames = frames});
  for (auto& part : parts) part.frames.chosen = {};
  parts[1].lost = true;
  FrameSteps steps(log_, frames.from, frames.to);
  auto wire = run.wire;
  for (auto at = steps.at(); !steps.done(); at = steps.at()) {
    const auto frame = steps.next();
    if (frame.empty()) return std::nullopt;
    const bool behind = at.position >= to.position;
    auto& part = parts[behind ? 2 : (at.position < from.position ? 0 : 1)];
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
}

void SpooledCursor::end_connection() {
  std::deque<FrameRange> back;
  for (auto& run : runs_) {
    if (run.lost) {
      dropped_[static_cast<std::size_t>(DropReason::kEvicted)] += run.ends.size();
      continue;
    }
    resend_until_ = std::max(resend_until_, run.frames.to.position);
    auto& frames = run.frames;
    if (!frames.sieve && !back.empty() && !back.back().sieve && back.back().to == frames.from) {
      back.back().to = frames.to;
    } else {
      back.push_back(std::move(frames));
    }
  }
  runs_.clear();
  auto& front = ranges_.front();
  if (!back.empty() && !back.back().sieve && !front.sieve && back.back().to == front.from) {
    front.from = back.back().from;
    back.pop_back();
  }
  ranges_.insert(ranges_.begin(), back.begin(), back.end());
  head_.clear();
  head_sent_ = 0;
  waits_for_disk_ = false;
  jumped_ = true;
  settle();
  drop_lost();
}

}  // namespace lariat::publish
