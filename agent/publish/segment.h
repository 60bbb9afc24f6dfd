#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "agent/base/clock.h"

namespace lariat::publish {

struct SpoolPage;

/// A slab of memory with whole frames one behind the other, and marks to find them by.
///
/// A mark stands at the first frame, then at the first frame of each second with data and at least
/// every 16 KiB: a position becomes a sequence by one search and a walk of at most that.
/// Threads: loop thread only.
class Segment {
 public:
  /// Maps `capacity` bytes, of which those written to become resident, 64 KiB at a time.
  explicit Segment(std::size_t capacity);
  ~Segment();
  Segment(const Segment&) = delete;
  Segment& operator=(const Segment&) = delete;

  /// Empties it; its next frame will have this position and sequence, and no earlier a time.
  void reuse(std::uint64_t position, std::uint64_t sequence, base::WallTime not_before) noexcept;
  [[nodiscard]] bool has_room(std::size_t bytes) const noexcept {
    return bytes <= capacity_ - size_;
  }
  /// Copies a frame for which there is room.
  void append(std::span<const std::byte> frame, base::WallTime now);

  /// All of its memory, for `hold`.
  [[nodiscard]] std::span<std::byte> slab() noexcept { return {data_, capacity_}; }
  /// Takes what was read from a spool into `slab()` for its contents. Nothing may be appended then.
  void hold(const SpoolPage& page);

  [[nodiscard]] std::uint64_t position() const noexcept { return position_; }
  [[nodiscard]] std::uint64_t end() const noexcept { return position_ + size_; }
  [[nodiscard]] std::uint64_t sequence() const noexcept { return sequence_; }
  [[nodiscard]] std::uint64_t end_sequence() const noexcept { return sequence_ + frames_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
  [[nodiscard]] std::size_t memory_bytes() const noexcept;
  /// Of its youngest frames, to the second.
  [[nodiscard]] base::WallTime last_time() const noexcept { return last_time_; }

  /// The bytes from `position` on, which lies in the segment or at its end.
  [[nodiscard]] std::span<const std::byte> bytes_from(std::uint64_t position) const noexcept;

  struct Place {
    std::uint64_t position;
    std::uint64_t sequence;
  };
  /// The frame that holds the byte at `position`, which lies in the segment.
  [[nodiscard]] Place frame_at(std::uint64_t position) const noexcept;
  /// Time of the last mark at or before `position`.
  [[nodiscard]] base::WallTime time_at(std::uint64_t position) const noexcept;
  /// Position of the first mark later than `time`, or the end.
  [[nodiscard]] std::uint64_t first_after(base::WallTime time) const noexcept;

 private:
  struct Mark {
    std::uint32_t offset;
    std::uint32_t frame;
    base::WallTime time;
  };
  [[nodiscard]] const Mark& mark_before(std::uint64_t position) const noexcept;
  void mark(base::WallTime time);
  void populate(std::size_t needed) noexcept;

  std::byte* data_;
  std::size_t capacity_;
  std::size_t populated_ = 0;  // So many have been resident.
  std::size_t start_ = 0;      // Of the first frame in `data_`.
  std::size_t size_ = 0;
  std::uint64_t position_ = 0;
  std::uint64_t sequence_ = 0;
  std::uint64_t frames_ = 0;
  base::WallTime last_time_{};
  base::WallTime next_second_{};  // Behind the last mark: the first frame of it gets one, too.
  std::vector<Mark> marks_;
};

}  // namespace lariat::publish
