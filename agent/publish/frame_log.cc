#include "agent/publish/frame_log.h"

#include <algorithm>
#include <cassert>

#include "agent/publish/spool.h"
#include "agent/publish/spool_pages.h"
#include "proto/message.h"

namespace lariat::publish {
namespace {

// Slabs that are kept when nobody needs them: enough for a healthy flow to allocate nothing, few
// enough to give an outage's memory back.
constexpr std::size_t kMaxSpare = 2;

}  // namespace

FrameLog::FrameLog(LogLimits limits) {
  take_limits(limits);
  segments_.push_back(std::make_unique<Segment>(limits_.segment_bytes));
}

FrameLog::~FrameLog() = default;

void FrameLog::take_limits(LogLimits limits) {
  limits_ = limits;
  limits_.segment_bytes = std::max<std::size_t>(limits_.segment_bytes, 4096);
  segments_.reserve(limits_.memory_bytes / limits_.segment_bytes + 3);
  spare_.reserve(kMaxSpare + 1);
}

void FrameLog::set_limits(LogLimits limits) {
  take_limits(limits);
  std::erase_if(spare_,
                [&](const auto& slab) { return slab->capacity() != limits_.segment_bytes; });
  while (slab_bytes() > limits_.memory_bytes && !(spare_.empty() && segments_.size() == 1)) {
    if (spare_.empty()) evict_oldest();
    spare_.clear();
  }
}

bool FrameLog::append(std::span<const std::byte> frame, base::WallTime now) {
  if (frame.size() > limits_.segment_bytes) return false;
  if (!segments_.back()->has_room(frame.size())) open_segment();
  segments_.back()->append(frame, now);
  return true;
}

void FrameLog::open_segment() {
  const auto position = end();
  const auto sequence = end_sequence();
  const auto not_before = segments_.back()->last_time();
  // Before it may have to leave the memory.
  if (spool_ != nullptr) write_through(not_before);
  // The oldest goes until one more slab fits the budget; the last one stays in any case.
  while (segments_.size() > 1 && spare_.empty() &&
         slab_bytes() + limits_.segment_bytes > limits_.memory_bytes) {
    evict_oldest();
  }
  if (spare_.empty()) spare_.push_back(std::make_unique<Segment>(limits_.segment_bytes));
  // An empty one that is too small for a frame of today would share its position with the next.
  if (segments_.back()->empty()) segments_.pop_back();
  segments_.push_back(std::move(spare_.back()));
  spare_.pop_back();
  segments_.back()->reuse(position, sequence, not_before);
}

void FrameLog::evict_oldest() {
  if (on_evict_) on_evict_(segments_.front()->end());
  if (spool_ != nullptr) tell_lost(*segments_.front());
  recycle_oldest();
}

void FrameLog::release(std::uint64_t position) noexcept {
  while (segments_.size() > 1 && segments_.front()->end() <= position) recycle_oldest();
}

void FrameLog::recycle_oldest() noexcept {
  auto oldest = std::move(segments_.front());
  segments_.erase(segments_.begin());
  if (spare_.size() < kMaxSpare && oldest->capacity() == limits_.segment_bytes) {
    spare_.push_back(std::move(oldest));
  }
  last_asked_ = ~std::uint64_t{0};
}

std::size_t FrameLog::index_of(std::uint64_t position) const noexcept {
  assert(position >= begin() && position <= end());
  // Nearly always it is the last one.
  if (position >= segments_.back()->position()) return segments_.size() - 1;
  const auto after = std::upper_bound(
      segments_.begin(), segments_.end(), position,
      [](std::uint64_t value, const auto& segment) { return value < segment->position(); });
  return static_cast<std::size_t>(after - segments_.begin()) - 1;
}

const Segment& FrameLog::segment_at(std::uint64_t position) const noexcept {
  return *segments_[index_of(position)];
}

std::size_t FrameLog::read(std::uint64_t position, std::uint64_t limit, std::span<iovec> spans,
                           std::size_t max_bytes) const noexcept {
  limit = std::min({limit, end(), position + max_bytes});
  std::size_t count = 0;
  for (auto index = index_of(position); position < limit && count < spans.size(); ++index) {
    const auto bytes = segments_[index]->bytes_from(position);
    const auto size = std::min<std::uint64_t>(bytes.size(), limit - position);
    // sendmsg() does not write to it.
    spans[count++] = {const_cast<std::byte*>(bytes.data()), static_cast<std::size_t>(size)};
    position += size;
  }
  return count;
}

FramePlace FrameLog::frame_at(std::uint64_t position) const noexcept {
  if (position == end()) return {position, end_sequence()};
  if (position == last_asked_) return last_found_;
  const auto& segment = segment_at(position);
  if (position == segment.position()) return {position, segment.sequence()};
  const auto place = segment.frame_at(position);
  last_asked_ = position;
  last_found_ = {place.position, place.sequence};
  return last_found_;
}

FramePlace FrameLog::frame_from(std::uint64_t position) const noexcept {
  const auto place = frame_at(position);
  if (place.position == position) return place;
  return {place.position + frame(place.position).size(), place.sequence + 1};
}

std::span<const std::byte> FrameLog::frame(std::uint64_t position) const noexcept {
  const auto bytes = segment_at(position).bytes_from(position);
  return bytes.first(proto::message_size(bytes));
}

base::WallTime FrameLog::time_at(std::uint64_t position) const noexcept {
  return segment_at(position).time_at(position);
}

std::uint64_t FrameLog::first_after(base::WallTime time) const noexcept {
  for (const auto& segment : segments_) {
    const auto position = segment->first_after(time);
    if (position < segment->end()) return position;
  }
  return end();
}

std::size_t FrameLog::memory_bytes() const noexcept {
  return pages_ ? slab_bytes() + pages_->memory_bytes() : slab_bytes();
}

std::size_t FrameLog::slab_bytes() const noexcept {
  std::size_t bytes = 0;
  for (const auto& segment : segments_) bytes += segment->memory_bytes();
  for (const auto& segment : spare_) bytes += segment->memory_bytes();
  return bytes;
}

double FrameLog::arrival_rate(base::WallTime now) const noexcept {
  constexpr std::chrono::milliseconds kSpan{60'000};
  if (begin() == end()) return 0;
  auto from = begin();
  std::chrono::milliseconds span = now - time_at(from);
  if (span > kSpan) {
    from = first_after(now - kSpan);
    span = kSpan;
  } else if (span < std::chrono::milliseconds(0)) {
    span = kSpan;  // The clock was set back.
  }
  // Within a second the marks do not tell.
  span = std::max(span, std::chrono::milliseconds(1'000));
  return static_cast<double>(end() - from) * 1e3 / static_cast<double>(span.count());
}

}  // namespace lariat::publish
