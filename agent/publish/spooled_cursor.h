#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "agent/publish/frame_log.h"
#include "agent/publish/log_reader.h"
#include "agent/publish/selection.h"

namespace lariat::publish {

/// Frames of the log that are treated alike.
struct FrameRange {
  FramePlace from;
  FramePlace to;
  std::shared_ptr<const Sieve> sieve;  ///< That they were judged by; null: all pass.
  Count chosen;                        ///< With a sieve: those that pass. Not kept without.
  bool judged = true;                  ///< False: `sieve` has not been asked yet.

  [[nodiscard]] Count count() const noexcept {
    if (sieve) return chosen;
    return {to.sequence - from.sequence, to.position - from.position};
  }
  /// Nothing in it is to be sent.
  [[nodiscard]] bool empty() const noexcept {
    return from.position == to.position || (judged && count().frames == 0);
  }
  [[nodiscard]] bool passes(std::span<const std::byte> frame) const noexcept {
    return !sieve || sieve->passes(frame);
  }
};

/// Goes from frame to frame, as far as there are any to be had.
class FrameSteps {
 public:
  FrameSteps(const FrameLog& log, FramePlace from, FramePlace to) : log_(log), at_(from), to_(to) {}

  /// The frame at `at()`, and steps behind it; empty at the end, or where it cannot be had.
  [[nodiscard]] std::span<const std::byte> next();
  [[nodiscard]] FramePlace at() const noexcept { return at_; }
  [[nodiscard]] bool done() const noexcept { return at_.position >= to_.position; }

 private:
  const FrameLog& log_;
  FramePlace at_;
  FramePlace to_;
  std::span<const std::byte> rest_;
};

/// The reader of a log with a spool, whose frames may be in memory, on disk, or lost by now.
///
/// Because they may be lost at any time, it asks for none to know where it is: it stands between
/// frames, and keeps the number of each place and the count of each stretch. Of a cut frame the
/// rest is copied at once. What the spool held at the start and a filter has to judge counts as
/// accepted when it is read.
/// Ownership: borrows the log. Threads: loop thread only.
class SpooledCursor final : public LogReader {
 public:
  /// Goes on at `saved`, else begins as the limits say.
  SpooledCursor(const FrameLog& log, CursorLimits limits, std::optional<FramePlace> saved);

  void judge() override;
  void evict_before(std::uint64_t position) override;
  void lose(FramePlace from, FramePlace to) override;
  void enforce_limits(base::WallTime now) override;
  void change_limits(CursorLimits limits, base::WallTime now) override;

  void begin_connection() override;
  [[nodiscard]] bool behind() const noexcept override {
    return head_sent_ < head_.size() || !ranges_.front().empty();
  }
  [[nodiscard]] bool waits_for_disk() const noexcept override { return waits_for_disk_; }
  void add_control(std::span<const std::byte> message) override;
  [[nodiscard]] std::uint64_t messages_before_control() const noexcept override {
    return messages_;
  }
  [[nodiscard]] std::size_t gather(std::span<iovec> spans, std::size_t max_bytes,
                                   std::span<std::byte> scratch) override;
  void wrote(std::size_t bytes) override;
  void acknowledge(std::uint64_t bytes) override;
  [[nodiscard]] std::uint64_t bytes_written() const noexcept override { return written_; }
  void end_connection() override;

  [[nodiscard]] Ledger ledger(base::WallTime now) const noexcept override;
  [[nodiscard]] bool settled() const noexcept override;
  [[nodiscard]] std::uint64_t held_from() const noexcept override { return held_place().position; }
  [[nodiscard]] FramePlace held_place() const noexcept override;
  [[nodiscard]] std::uint64_t lag() const noexcept override;

 private:
  /// What is on the wire in one piece.
  struct Run {
    std::uint64_t wire;
    std::uint64_t wire_end;
    FrameRange frames;
    // Where its frames end on the wire, ascending, once the log has them no more.
    std::vector<std::uint64_t> ends;
    bool lost = false;
  };
  /// What a write took of the log.
  struct Taken {
    FramePlace to;
    Count chosen;
    std::uint64_t resent = 0;
    std::span<const std::byte> rest;  // Of the frame that it cut.
  };

  [[nodiscard]] FramePlace end() const noexcept { return {log_.end(), log_.end_sequence()}; }
  void judge_new(FramePlace to);
  void settle();
  [[nodiscard]] bool bring_in();
  void judge_front(const LogStretch& stretch);
  [[nodiscard]] bool find_chosen(const LogStretch& stretch);
  [[nodiscard]] Count count(const FrameRange& range) const;
  [[nodiscard]] std::uint64_t cut_out(FramePlace from, FramePlace to,
                                      std::array<FrameRange, 2>& parts) const;
  void drop(FramePlace from, FramePlace to, DropReason reason);
  void drop_before(FramePlace to, DropReason reason) { drop({}, to, reason); }
  void drop_lost();
  [[nodiscard]] std::optional<FramePlace> frame_from(std::uint64_t position) const;
  [[nodiscard]] iovec gather_chosen(std::span<std::byte> scratch) const;

  [[nodiscard]] Taken take_all(std::size_t bytes) const;
  [[nodiscard]] Taken take_chosen(std::size_t bytes) const;
  void add_run(std::uint64_t bytes, const Taken& taken);
  void acknowledge_part(Run& run);
  void acknowledge_lost(Run& run);
  [[nodiscard]] std::optional<std::array<Run, 3>> split(const Run& run, FramePlace from,
                                                        FramePlace to) const;
  void list_lost(FramePlace from, FramePlace to);
  [[nodiscard]] std::chrono::milliseconds oldest_age(base::WallTime now) const noexcept;
  [[nodiscard]] base::WallTime time_at(std::uint64_t position) const;

  const FrameLog& log_;
  CursorLimits limits_;
  std::shared_ptr<const Sieve> sieve_;  // For what is still to come; null: all pass.

  FramePlace judged_;
  // To send, oldest first; never empty, the last one ends at `judged_`. One with a sieve that was
  // asked lies in one segment.
  std::deque<FrameRange> ranges_;
  std::deque<Run> runs_;
  bool jumped_ = true;  // Frames were left out before the first range.
  bool waits_for_disk_ = false;

  // Goes out before anything else: the rest of a cut frame, then control messages.
  std::vector<std::byte> head_;
  std::size_t head_sent_ = 0;
  std::uint64_t written_ = 0;
  std::uint64_t acked_ = 0;
  std::uint64_t messages_ = 0;
  std::uint64_t resend_until_ = 0;  // Frames before it were on a wire once.

  std::uint64_t accepted_ = 0;
  std::uint64_t delivered_ = 0;
  std::uint64_t resent_ = 0;
  std::array<std::uint64_t, kDropReasons> dropped_{};
  base::WallTime aged_at_{};  // When `max_age` was last looked at on disk.

  // The disk is asked once for the time of a place.
  mutable std::uint64_t time_asked_ = ~std::uint64_t{0};
  mutable base::WallTime time_found_{};
};

}  // namespace lariat::publish
