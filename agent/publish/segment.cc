#include "agent/publish/segment.h"

#include <sys/mman.h>

#include <algorithm>
#include <cassert>
#include <cstring>
#include <new>

#include "agent/publish/spool.h"
#include "proto/message.h"

namespace lariat::publish {
namespace {

constexpr std::size_t kMarkEvery = std::size_t{16} << 10U;
// Room for marks by the second besides those by length, before the list grows.
constexpr std::size_t kSpareMarks = 64;
// Pages that the kernel is asked for at a time: one by one, each costs a fault.
constexpr std::size_t kPopulated = std::size_t{64} << 10U;

}  // namespace

Segment::Segment(std::size_t capacity) : capacity_(capacity) {
  void* memory =
      ::mmap(nullptr, capacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  data_ = static_cast<std::byte*>(memory);
  marks_.reserve(capacity / kMarkEvery + kSpareMarks);
}

Segment::~Segment() { ::munmap(data_, capacity_); }

void Segment::reuse(std::uint64_t position, std::uint64_t sequence,
                    base::WallTime not_before) noexcept {
  last_time_ = not_before;
  start_ = 0;
  size_ = 0;
  frames_ = 0;
  position_ = position;
  sequence_ = sequence;
  marks_.clear();
}

void Segment::append(std::span<const std::byte> frame, base::WallTime now) {
  assert(has_room(frame.size()) && !frame.empty());
  // A clock that was set back does not make younger frames older than their elders.
  const auto time = std::max(now, last_time_);
  if (marks_.empty() || size_ - marks_.back().offset >= kMarkEvery || time >= next_second_) {
    mark(time);
  }
  if (size_ + frame.size() > populated_) populate(size_ + frame.size());
  std::memcpy(data_ + size_, frame.data(), frame.size());
  size_ += frame.size();
  ++frames_;
}

void Segment::mark(base::WallTime time) {
  marks_.push_back({static_cast<std::uint32_t>(size_), static_cast<std::uint32_t>(frames_), time});
  last_time_ = time;
  next_second_ = std::chrono::floor<std::chrono::seconds>(time) + std::chrono::seconds(1);
}

// An old kernel cannot, or there is no memory now: then each page comes when it is touched.
void Segment::populate(std::size_t needed) noexcept {
  const std::size_t end = std::min((needed / kPopulated + 1) * kPopulated, capacity_);
  ::madvise(data_ + populated_, end - populated_, MADV_POPULATE_WRITE);
  populated_ = end;
}

void Segment::hold(const SpoolPage& page) {
  const auto& from = page.extent.from;
  reuse(from.position, from.sequence, page.marks.back().last_time);
  start_ = static_cast<std::size_t>(page.bytes.data() - data_);
  size_ = page.bytes.size();
  frames_ = page.extent.frames();
  if (page.marks.front().place != from) marks_.push_back({0, 0, page.marks.front().first_time});
  for (const auto& mark : page.marks) {
    marks_.push_back({static_cast<std::uint32_t>(mark.place.position - from.position),
                      static_cast<std::uint32_t>(mark.place.sequence - from.sequence),
                      mark.first_time});
  }
}

std::size_t Segment::memory_bytes() const noexcept {
  return capacity_ + marks_.capacity() * sizeof(Mark);
}

std::span<const std::byte> Segment::bytes_from(std::uint64_t position) const noexcept {
  assert(position >= position_ && position <= end());
  const auto offset = static_cast<std::size_t>(position - position_);
  return {data_ + start_ + offset, size_ - offset};
}

const Segment::Mark& Segment::mark_before(std::uint64_t position) const noexcept {
  assert(position >= position_ && !marks_.empty());
  const auto offset = position - position_;
  const auto after =
      std::upper_bound(marks_.begin(), marks_.end(), offset,
                       [](auto value, const Mark& mark) { return value < mark.offset; });
  return *(after - 1);
}

Segment::Place Segment::frame_at(std::uint64_t position) const noexcept {
  const Mark& mark = mark_before(position);
  Place place{position_ + mark.offset, sequence_ + mark.frame};
  while (place.position < position) {
    const auto next = place.position + proto::message_size(bytes_from(place.position));
    assert(next > place.position);
    if (next > position) break;
    place = {next, place.sequence + 1};
  }
  return place;
}

base::WallTime Segment::time_at(std::uint64_t position) const noexcept {
  return mark_before(position).time;
}

std::uint64_t Segment::first_after(base::WallTime time) const noexcept {
  const auto after =
      std::upper_bound(marks_.begin(), marks_.end(), time,
                       [](auto value, const Mark& mark) { return value < mark.time; });
  return after == marks_.end() ? end() : position_ + after->offset;
}

}  // namespace lariat::publish
