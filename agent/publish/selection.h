#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "agent/publish/frame_log.h"
#include "proto/filter.h"

namespace lariat::publish {

struct Count {
  std::uint64_t frames = 0;
  std::uint64_t bytes = 0;

  Count& operator+=(const Count& other) noexcept {
    frames += other.frames;
    bytes += other.bytes;
    return *this;
  }
  friend bool operator==(const Count&, const Count&) = default;
};

/// Which frames of the log are an endpoint's: all, or those whose name passes a filter.
///
/// Without a filter counts are differences of sequences. With one each frame is judged by its name,
/// and the verdicts of 4,096 names are remembered; the log is not copied, only how many frames of
/// each segment passed is kept.
/// Ownership: borrows the log. Threads: loop thread only.
class Selection {
 public:
  Selection(const FrameLog& log, std::optional<proto::Filter> filter);

  [[nodiscard]] bool everything() const noexcept { return !filter_; }
  [[nodiscard]] bool passes(std::span<const std::byte> frame) const noexcept;

  /// Judges the frames from `from`, where the last call ended, to `to`: how many pass.
  Count judge(FramePlace from, FramePlace to);
  /// Of the judged frames that begin in [from, to), how many pass. Both are frame boundaries that
  /// the log holds.
  [[nodiscard]] Count count(std::uint64_t from, std::uint64_t to) const noexcept;
  /// The first frame at or behind `from` that passes, or `to`.
  [[nodiscard]] std::uint64_t skip(std::uint64_t from, std::uint64_t to) const noexcept;

 private:
  // Direct-mapped by the hash of the name. A 127-bit match is taken for the same name.
  struct Verdict {
    std::uint64_t high = 0;
    std::uint64_t low_and_verdict = 0;
  };
  struct SegmentCount {
    std::uint64_t from;  // First and one past the last position judged in the segment.
    std::uint64_t to;
    Count passed;
  };
  static constexpr std::size_t kVerdicts = 4096;

  [[nodiscard]] Count walk(std::uint64_t from, std::uint64_t to) const noexcept;

  const FrameLog& log_;
  std::optional<proto::Filter> filter_;
  std::unique_ptr<std::array<Verdict, kVerdicts>> verdicts_;  // Only with a filter.
  std::vector<SegmentCount> per_segment_;                     // Oldest first.
};

}  // namespace lariat::publish
