#include "agent/publish/wire_map.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace lariat::publish {

void WireMap::add(std::uint64_t wire, std::uint64_t bytes, Range range, bool jumped) {
  if (!runs_.empty() && !jumped && runs_.back().wire_end == wire) {
    runs_.back().wire_end += bytes;
    runs_.back().end = range.to;
    return;
  }
  // Frames that do not pass lie between two runs; they belong to the later one.
  const auto position = runs_.empty() || jumped ? range.from : runs_.back().end;
  const auto place = log_.frame_at(position);
  assert(place.position == position);
  runs_.push_back({wire, wire + bytes, position, range.to, place.sequence});
}

// Without a filter bytes of the wire are bytes of the log. With one, `position` has been moved.
std::uint64_t WireMap::acked_position(const Run& run) const noexcept {
  if (!selection_.everything() || acked_ <= run.wire) return run.position;
  return std::min(run.position + (acked_ - run.wire), run.end);
}

void WireMap::acknowledge(std::uint64_t wire) {
  acked_ = std::max(acked_, wire);
  while (evicted_acked_ < evicted_.size() && evicted_[evicted_acked_] <= acked_) {
    ++evicted_acked_;
    ++delivered_;
  }
  // What has arrived goes; in halves, as a slow peer may always have some left.
  if (evicted_acked_ != 0 && evicted_acked_ >= evicted_.size() / 2) {
    evicted_.erase(evicted_.begin(),
                   evicted_.begin() + static_cast<std::ptrdiff_t>(evicted_acked_));
    evicted_acked_ = 0;
  }
  auto run = runs_.begin();
  for (; run != runs_.end() && run->wire < acked_; ++run) {
    if (!selection_.everything()) walk_acked(*run);
    if (!settled(*run)) break;
    // One that ends in mid-frame stays: the rest of the frame is still to come.
    if (!selection_.everything() && run->position < run->end) break;
    if (!selection_.everything()) continue;
    // The last run may still grow: as long as it stays, nothing has to be counted.
    if (run + 1 == runs_.end()) break;
    delivered_ += log_.frame_at(run->end).sequence - run->sequence;
  }
  runs_.erase(runs_.begin(), run);
}

// Moves the beginning of a filtered run to the first frame that is not wholly acknowledged.
void WireMap::walk_acked(Run& run) {
  while (run.wire < acked_ && run.position < run.end) {
    const auto frame = log_.frame(run.position);
    if (selection_.passes(run.position, frame)) {
      if (run.wire + frame.size() > acked_) return;
      run.wire += frame.size();
      ++delivered_;
    }
    run.position += frame.size();
  }
}

void WireMap::count_singly() {
  for (auto& run : runs_) {
    const auto first = log_.frame_at(acked_position(run));
    delivered_ += first.sequence - run.sequence;
    run.wire += first.position - run.position;
    run.position = first.position;
  }
  std::erase_if(runs_, [](const Run& run) { return run.position == run.end; });
}

void WireMap::count_by_sequence() {
  for (auto& run : runs_) run.sequence = log_.frame_at(run.position).sequence;
}

void WireMap::evict_before(std::uint64_t position) {
  auto run = runs_.begin();
  for (; run != runs_.end() && run->position < position; ++run) {
    evict_from(*run, position);
    if (run->position < run->end) break;
  }
  runs_.erase(runs_.begin(), run);
}

void WireMap::evict_from(Run& run, std::uint64_t position) {
  const auto first = log_.frame_at(acked_position(run));
  if (selection_.everything()) delivered_ += first.sequence - run.sequence;
  const auto to = std::min(run.end, position);
  if (evicted_in_flight() == 0 && first.position < to) evicted_time_ = log_.time_at(first.position);
  auto wire = run.wire + (selection_.everything() ? first.position - run.position : 0);
  auto next = first.position;
  while (next < to) {
    const auto frame = log_.frame(next);
    const bool passed = selection_.passes(next, frame);
    next += frame.size();
    if (!passed) continue;
    wire += frame.size();
    evicted_.push_back(wire);
  }
  run.wire = wire;
  run.position = next;
  // Nobody asks the log for a sequence behind its end in mid-frame: `next` is a boundary.
  run.sequence = log_.frame_at(next).sequence;
}

std::vector<Range> WireMap::take_unacknowledged() {
  std::vector<Range> ranges;
  for (const auto& run : runs_) {
    const auto first = log_.frame_at(acked_position(run));
    if (selection_.everything()) delivered_ += first.sequence - run.sequence;
    const auto end = log_.frame_from(run.end).position;
    if (first.position == end) continue;
    if (!ranges.empty() && ranges.back().to == first.position) {
      ranges.back().to = end;
    } else {
      ranges.push_back({first.position, end});
    }
  }
  runs_.clear();
  evicted_.clear();
  evicted_acked_ = 0;
  acked_ = 0;
  return ranges;
}

std::uint64_t WireMap::delivered() const noexcept {
  if (!selection_.everything() || runs_.empty()) return delivered_;
  const auto& run = runs_.front();
  return delivered_ + (log_.frame_at(acked_position(run)).sequence - run.sequence);
}

std::uint64_t WireMap::frames_in_flight() const noexcept {
  auto frames = evicted_in_flight();
  for (const auto& run : runs_) {
    const auto from = log_.frame_at(acked_position(run)).position;
    frames += selection_.count(from, log_.frame_from(run.end).position).frames;
  }
  return frames;
}

std::uint64_t WireMap::bytes_in_flight() const noexcept {
  std::uint64_t bytes = 0;
  if (evicted_in_flight() != 0) bytes += evicted_.back() - std::min(acked_, evicted_.back());
  for (const auto& run : runs_) bytes += run.wire_end - std::clamp(acked_, run.wire, run.wire_end);
  return bytes;
}

std::uint64_t WireMap::held_from(std::uint64_t otherwise) const noexcept {
  return runs_.empty() ? otherwise : acked_position(runs_.front());
}

base::WallTime WireMap::oldest(base::WallTime otherwise) const noexcept {
  if (evicted_in_flight() != 0) return evicted_time_;
  for (const auto& run : runs_) {
    const auto position = acked_position(run);
    if (position < run.end) return log_.time_at(log_.frame_at(position).position);
  }
  return otherwise;
}

}  // namespace lariat::publish
