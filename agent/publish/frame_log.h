#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "agent/base/clock.h"
#include "agent/publish/segment.h"

namespace lariat::publish {

class Spool;
class SpoolPages;

/// A frame's place in the log.
struct FramePlace {
  std::uint64_t position = 0;  ///< Of its first byte.
  std::uint64_t sequence = 0;  ///< Its number.

  friend bool operator==(const FramePlace&, const FramePlace&) = default;
};

/// What is to be had at a place of the log.
struct LogStretch {
  enum class State {
    kHeld,   ///< `segment` holds it.
    kGap,    ///< Nothing, up to `to`.
    kLater,  ///< It is on disk, and the system is short of descriptors or memory.
  };
  State state = State::kHeld;
  const Segment* segment = nullptr;  ///< In memory, or read back into it.
  FramePlace to;                     ///< Where the segment or the gap ends.
  bool damaged = false;              ///< A gap that was on disk once.
};

/// How much memory a log may take. Eviction goes by whole segments.
struct LogLimits {
  std::size_t memory_bytes = std::size_t{16} << 20U;
  std::size_t segment_bytes = std::size_t{1} << 20U;

  friend bool operator==(const LogLimits&, const LogLimits&) = default;
};

/// The one append-only stream of frames that all endpoints read.
///
/// Holds the frames from `begin()` to `end()` in segments that are recycled; no frame lies in two.
/// Positions count bytes and sequences frames, both since the log began; neither is ever used
/// again. Over its budget it drops the oldest segment, after it has told. It knows no reader, so a
/// slow one holds no memory. Memory: at most `memory_bytes`, but always two segments. `append`
/// allocates nothing once the log has been as long as it gets. Threads: loop thread only.
///
/// With a spool the frames are on disk too: the oldest segment then leaves the memory only, and
/// `stretch_at` reads back into a few slabs what a reader comes to. All methods but those that say
/// so know the memory only.
class FrameLog {
 public:
  explicit FrameLog(LogLimits limits = {});
  ~FrameLog();
  FrameLog(const FrameLog&) = delete;
  FrameLog& operator=(const FrameLog&) = delete;

  /// Before anything is appended: goes on where the spool ends, and writes through to it. The
  /// spool must outlive the log, and has segments of the same size.
  void attach(Spool& spool);
  [[nodiscard]] bool spooled() const noexcept { return spool_ != nullptr; }
  /// Writes to the spool what it has not got: once a loop turn, before anything is sent.
  void write_through(base::WallTime now);
  /// Behind the last frame that was written through; without a spool the end. What is beyond is not
  /// to be sent yet: a peer would have what a crash takes from the others.
  [[nodiscard]] FramePlace written_end() const noexcept;
  /// With a spool: these frames are about to be had no more, as they are in the segment that leaves
  /// the memory and not on disk.
  void on_lost(std::function<void(FramePlace from, FramePlace to)> told) {
    on_lost_ = std::move(told);
  }
  /// What is at `position`, before the end, in memory or on disk. The segment is valid until the
  /// next call, or until memory drops it.
  [[nodiscard]] LogStretch stretch_at(std::uint64_t position) const;
  /// The same without a look at the disk: as far as is known. `segment` is not set.
  [[nodiscard]] LogStretch spot_at(std::uint64_t position) const;
  /// The first frame, in memory or on disk, that may be younger than `time`; or the end.
  [[nodiscard]] FramePlace place_after(base::WallTime time) const;
  /// The oldest frame in memory or on disk.
  [[nodiscard]] FramePlace oldest() const noexcept;
  /// Gives back the slabs that were read into.
  void forget_pages() noexcept;

  /// Copies one whole, well-formed message to the end. False, and nothing done, if it is larger
  /// than a segment.
  [[nodiscard]] bool append(std::span<const std::byte> frame, base::WallTime now);
  /// `told(end)` is called before the oldest segment goes because of the budget; `end` is the
  /// position behind its last frame, all bytes before it are still there during the call.
  void on_evict(std::function<void(std::uint64_t end)> told) { on_evict_ = std::move(told); }
  /// Other limits from now on. Over a smaller budget the oldest segments go at once, told before;
  /// never the open one. Segments that are open or full keep their size.
  void set_limits(LogLimits limits);
  /// Recycles the segments that lie wholly before `position`, but never the last one.
  void release(std::uint64_t position) noexcept;

  [[nodiscard]] std::uint64_t begin() const noexcept { return segments_.front()->position(); }
  [[nodiscard]] std::uint64_t end() const noexcept { return segments_.back()->end(); }
  [[nodiscard]] std::uint64_t begin_sequence() const noexcept {
    return segments_.front()->sequence();
  }
  [[nodiscard]] std::uint64_t end_sequence() const noexcept {
    return segments_.back()->end_sequence();
  }

  /// Fills `spans` with the bytes from `position` (held, or the end) to `limit` or the log's end,
  /// as far as the spans reach and up to `max_bytes`; returns how many spans. Valid until the log
  /// drops them.
  [[nodiscard]] std::size_t read(std::uint64_t position, std::uint64_t limit,
                                 std::span<iovec> spans, std::size_t max_bytes) const noexcept;
  /// The frame that holds the byte at `position`; for `end()`, where the next frame will be.
  [[nodiscard]] FramePlace frame_at(std::uint64_t position) const noexcept;
  /// The first place at or behind `position` where a frame begins, or the end.
  [[nodiscard]] FramePlace frame_from(std::uint64_t position) const noexcept;
  /// Bytes of the frame that begins at `position`.
  [[nodiscard]] std::span<const std::byte> frame(std::uint64_t position) const noexcept;
  /// When the frame at `position` was appended, to the second, never later than it was.
  [[nodiscard]] base::WallTime time_at(std::uint64_t position) const noexcept;
  /// The first frame that was appended later than `time`, as far as marks tell; or the end.
  [[nodiscard]] std::uint64_t first_after(base::WallTime time) const noexcept;
  /// Bytes a second of the last minute, or of as much of it as memory has.
  [[nodiscard]] double arrival_rate(base::WallTime now) const noexcept;
  /// The segment that holds `position`; for `end()`, the last.
  [[nodiscard]] const Segment& segment_at(std::uint64_t position) const noexcept;

  /// Held: slabs in use, those kept for use, those read back into, and their marks.
  [[nodiscard]] std::size_t memory_bytes() const noexcept;
  [[nodiscard]] std::size_t segments() const noexcept { return segments_.size(); }
  [[nodiscard]] std::size_t segment_bytes() const noexcept { return limits_.segment_bytes; }

 private:
  [[nodiscard]] FramePlace begin_place() const noexcept { return {begin(), begin_sequence()}; }
  void tell_lost(const Segment& segment);
  void take_limits(LogLimits limits);
  void evict_oldest();
  void open_segment();
  void recycle_oldest() noexcept;
  [[nodiscard]] std::size_t slab_bytes() const noexcept;  // Those that the budget is for.
  [[nodiscard]] std::size_t index_of(std::uint64_t position) const noexcept;

  LogLimits limits_;
  std::function<void(std::uint64_t)> on_evict_;
  std::vector<std::unique_ptr<Segment>> segments_;  // Oldest first; never empty.
  std::vector<std::unique_ptr<Segment>> spare_;
  Spool* spool_ = nullptr;
  std::unique_ptr<SpoolPages> pages_;
  std::function<void(FramePlace, FramePlace)> on_lost_;
  mutable FramePlace last_found_;  // Endpoints ask one after the other for the same place.
  mutable std::uint64_t last_asked_ = ~std::uint64_t{0};
};

}  // namespace lariat::publish
