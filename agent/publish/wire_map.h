#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "agent/publish/selection.h"

namespace lariat::publish {

/// A stretch of the log: [from, to).
struct Range {
  std::uint64_t from;
  std::uint64_t to;

  friend bool operator==(const Range&, const Range&) = default;
};

/// What lies on the wire of one connection: which frames, at which offsets, and how many of them
/// the peer's side has acknowledged.
///
/// Kept as runs: a stretch of the wire that carries a stretch of the log without a gap. A new run
/// begins behind a control message or where the log was skipped. Bytes of the wire in no run are
/// control messages. Frames in flight that the log is about to drop are kept as the offsets of
/// their ends, so that they still count as delivered when they are.
/// Ownership: borrows log and selection. Threads: loop thread only.
class WireMap {
 public:
  WireMap(const FrameLog& log, const Selection& selection) : log_(log), selection_(selection) {}

  /// The bytes [from, to) of the log, passing frames of them `bytes` long, follow on the wire at
  /// offset `wire`. `jumped`: frames between the previous ones and these were left out.
  void add(std::uint64_t wire, std::uint64_t bytes, Range range, bool jumped);
  /// All before offset `wire` has arrived. Never goes back.
  void acknowledge(std::uint64_t wire);
  /// To be called before the selection begins to leave frames out: a run's beginning then moves
  /// with each frame acknowledged.
  void count_singly();
  /// To be called when the selection has ceased to: what is acknowledged follows from offsets.
  void count_by_sequence();
  /// The log is about to drop what lies before `position`, a frame boundary.
  void evict_before(std::uint64_t position);
  /// The connection is over: what is not acknowledged and still in the log, oldest first, as whole
  /// frames. Clears the map, but for `delivered`.
  [[nodiscard]] std::vector<Range> take_unacknowledged();

  /// Frames wholly acknowledged, over all connections.
  [[nodiscard]] std::uint64_t delivered() const noexcept;
  /// Frames of which a byte is on the wire and not all are acknowledged.
  [[nodiscard]] std::uint64_t frames_in_flight() const noexcept;
  /// Bytes of the runs that are not acknowledged.
  [[nodiscard]] std::uint64_t bytes_in_flight() const noexcept;
  /// Frames in flight that the log no longer has: lost if the connection dies now.
  [[nodiscard]] std::uint64_t evicted_in_flight() const noexcept {
    return evicted_.size() - evicted_acked_;
  }
  [[nodiscard]] bool empty() const noexcept { return runs_.empty() && evicted_in_flight() == 0; }
  /// First position that may be needed again, or `otherwise` if there is none.
  [[nodiscard]] std::uint64_t held_from(std::uint64_t otherwise) const noexcept;
  /// When the oldest frame in flight was appended; nothing in flight: `otherwise`.
  [[nodiscard]] base::WallTime oldest(base::WallTime otherwise) const noexcept;

 private:
  struct Run {
    std::uint64_t wire;
    std::uint64_t wire_end;
    std::uint64_t position;  // A frame boundary.
    std::uint64_t end;       // Within a frame only in the last run.
    std::uint64_t sequence;  // Of the frame at `position`.
  };
  [[nodiscard]] bool settled(const Run& run) const noexcept { return run.wire_end <= acked_; }
  [[nodiscard]] std::uint64_t acked_position(const Run& run) const noexcept;
  void walk_acked(Run& run);
  void evict_from(Run& run, std::uint64_t position);

  const FrameLog& log_;
  const Selection& selection_;
  std::vector<Run> runs_;
  std::uint64_t acked_ = 0;
  std::uint64_t delivered_ = 0;         // Of runs and frames that were removed.
  std::vector<std::uint64_t> evicted_;  // Wire offsets of the ends of evicted frames, ascending.
  std::size_t evicted_acked_ = 0;
  base::WallTime evicted_time_{};
};

}  // namespace lariat::publish
