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
/// `from` without `what`; never below nothing.
[[nodiscard]] constexpr Count less(Count from, Count what) noexcept {
  return {from.frames - (what.frames < from.frames ? what.frames : from.frames),
          from.bytes - (what.bytes < from.bytes ? what.bytes : from.bytes)};
}

/// A filter by name that remembers the verdicts of 4,096 names; without a filter all pass.
class Sieve {
 public:
  explicit Sieve(std::optional<proto::Filter> filter);

  [[nodiscard]] bool all() const noexcept { return !filter_; }
  [[nodiscard]] const std::optional<proto::Filter>& filter() const noexcept { return filter_; }
  [[nodiscard]] bool passes(std::span<const std::byte> frame) const noexcept;

 private:
  // Direct-mapped by the hash of the name. A 127-bit match is taken for the same name.
  struct Verdict {
    std::uint64_t high = 0;
    std::uint64_t low_and_verdict = 0;
  };
  static constexpr std::size_t kVerdicts = 4096;

  std::optional<proto::Filter> filter_;
  std::unique_ptr<std::array<Verdict, kVerdicts>> verdicts_;  // Only with a filter.
};

/// Null without a filter.
[[nodiscard]] std::shared_ptr<const Sieve> make_sieve(const std::optional<proto::Filter>& filter);

struct FrameRange;

/// Which frames of the log are an endpoint's: all, or those whose name passes a filter.
///
/// Without a filter counts are differences of sequences. With one each frame is judged by its name;
/// the log is not copied, only how many frames of each segment passed is kept. A filter may change:
/// frames keep the verdict of the one they were judged by, until they are asked for no more.
/// Ownership: borrows the log. Threads: loop thread only.
class Selection {
 public:
  Selection(const FrameLog& log, std::optional<proto::Filter> filter);

  /// No frame that may still be asked for was or will be left out.
  [[nodiscard]] bool everything() const noexcept { return everything_; }
  /// Whether the frame at `position` passes the filter that holds there.
  [[nodiscard]] bool passes(std::uint64_t position,
                            std::span<const std::byte> frame) const noexcept {
    return everything_ || sieve_at(position).passes(frame);
  }

  /// From `position` on, up to where everything is judged, another filter holds.
  void change(std::optional<proto::Filter> filter, std::uint64_t position);
  /// A filter that was changed is still needed.
  [[nodiscard]] bool has_past() const noexcept { return !past_.empty(); }
  /// Nothing before `position` will be asked for again.
  void forget_before(std::uint64_t position);

  /// Judges the frames from `from`, where the last call ended, to `to`: how many pass.
  Count judge(FramePlace from, FramePlace to);
  /// Of the judged frames that begin in [from, to), how many pass. Both are frame boundaries that
  /// the log holds.
  [[nodiscard]] Count count(std::uint64_t from, std::uint64_t to) const noexcept;
  /// The first frame at or behind `from` that passes, or `to`.
  [[nodiscard]] std::uint64_t skip(std::uint64_t from, std::uint64_t to) const noexcept;

  /// What is judged of [from, to), by what; each lies in one segment if there is a filter.
  [[nodiscard]] std::vector<FrameRange> pieces(std::uint64_t from, std::uint64_t to) const;
  /// For the frames that are still to come; null: all pass.
  [[nodiscard]] std::shared_ptr<const Sieve> present() const;

 private:
  // A filter of before, for the frames that begin before `to`.
  struct Past {
    std::uint64_t to;
    Sieve sieve;
  };
  struct SegmentCount {
    std::uint64_t from;  // First and one past the last position judged in the segment.
    std::uint64_t to;
    Count passed;
  };
  // A filter, and where its stretch of the log ends.
  struct Stretch {
    const Sieve* sieve;
    std::uint64_t to;
  };

  [[nodiscard]] const Sieve& sieve_at(std::uint64_t position) const noexcept {
    return position >= present_from_ ? present_ : *stretch_at(position).sieve;
  }
  [[nodiscard]] Stretch stretch_at(std::uint64_t position) const noexcept;
  [[nodiscard]] Count walk(std::uint64_t from, std::uint64_t to, const Sieve& sieve) const noexcept;
  [[nodiscard]] Count count_judged(std::uint64_t from, std::uint64_t to,
                                   const Sieve& sieve) const noexcept;

  const FrameLog& log_;
  std::vector<Past> past_;  // Oldest first; each begins where the one before ends.
  Sieve present_;
  std::uint64_t present_from_ = 0;
  bool everything_;
  std::vector<SegmentCount> per_segment_;  // Oldest first; none spans a change.
};

}  // namespace lariat::publish
