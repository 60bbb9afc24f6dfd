// What a log does when it has a spool.

#include <algorithm>
#include <cassert>

#include "agent/publish/frame_log.h"
#include "agent/publish/spool.h"
#include "agent/publish/spool_pages.h"

namespace lariat::publish {
namespace {

FramePlace place_of(SpoolPlace place) noexcept { return {place.position, place.sequence}; }

}  // namespace

void FrameLog::attach(Spool& spool) {
  assert(segments_.size() == 1 && segments_.front()->empty() && spool_ == nullptr);
  spool_ = &spool;
  pages_ = std::make_unique<SpoolPages>(spool);
  segments_.front()->reuse(spool.end().position, spool.end().sequence, {});
}

// A call to the spool spans no two segments, so that its files are like ours.
void FrameLog::write_through(base::WallTime now) {
  while (spool_->end().position < end()) {
    const auto from = spool_->end();
    const auto& segment = segment_at(from.position);
    const SpoolPlace to{segment.end(), segment.end_sequence()};
    spool_->write({from, to}, segment.bytes_from(from.position), now);
  }
}

FramePlace FrameLog::written_end() const noexcept {
  return spool_ == nullptr ? FramePlace{end(), end_sequence()} : place_of(spool_->end());
}

void FrameLog::tell_lost(const Segment& segment) {
  const auto place = [&](std::uint64_t position) -> FramePlace {
    if (position >= segment.end()) return {segment.end(), segment.end_sequence()};
    const auto at = segment.frame_at(position);
    return {at.position, at.sequence};
  };
  for (auto position = segment.position(); position < segment.end();) {
    const auto spot = spool_->find(position);
    const auto to = std::min(spot.extent.to.position, segment.end());
    if (!spot.stored && on_lost_) on_lost_(place(position), place(to));
    position = to;
  }
}

LogStretch FrameLog::spot_at(std::uint64_t position) const {
  assert(position < end());
  if (position >= begin()) {
    const auto& segment = segment_at(position);
    return {.to = {segment.end(), segment.end_sequence()}};
  }
  if (spool_ == nullptr) return {.state = LogStretch::State::kGap, .to = begin_place()};
  const auto spot = spool_->find(position);
  auto to = place_of(spot.extent.to);
  if (to.position > begin() || to.position <= position) to = begin_place();
  return {.state = spot.stored ? LogStretch::State::kHeld : LogStretch::State::kGap,
          .to = to,
          .damaged = spot.damaged};
}

LogStretch FrameLog::stretch_at(std::uint64_t position) const {
  assert(position < end());
  if (position >= begin()) {
    const auto& segment = segment_at(position);
    return {.segment = &segment, .to = {segment.end(), segment.end_sequence()}};
  }
  if (spool_ == nullptr) return spot_at(position);
  const auto found = pages_->at(position);
  if (found.segment != nullptr) {
    return {.segment = found.segment, .to = {found.segment->end(), found.segment->end_sequence()}};
  }
  if (found.later) return {.state = LogStretch::State::kLater};
  auto spot = spot_at(position);
  // What could not be read a moment ago is not tried again and again.
  if (spot.state == LogStretch::State::kHeld) spot.damaged = true;
  spot.state = LogStretch::State::kGap;
  return spot;
}

FramePlace FrameLog::place_after(base::WallTime time) const {
  if (spool_ != nullptr && spool_->begin().position < begin()) {
    const auto place = spool_->first_after(time);
    if (place.position < begin()) return place_of(place);
  }
  return frame_at(first_after(time));
}

FramePlace FrameLog::oldest() const noexcept {
  const auto memory = begin_place();
  if (spool_ == nullptr) return memory;
  const auto disk = place_of(spool_->begin());
  return disk.position < memory.position ? disk : memory;
}

void FrameLog::forget_pages() noexcept {
  if (pages_) pages_->clear();
}

}  // namespace lariat::publish
