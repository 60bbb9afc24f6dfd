#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "agent/publish/frame_log.h"
#include "agent/publish/log_reader.h"
#include "agent/publish/reader_state.h"
#include "agent/publish/selection.h"

namespace lariat::publish {

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

/// The reader of a log with a spool, whose frames may be in memory, on disk, or lost by now; and of
/// any log in the order `fresh_first`.
///
/// Because frames may be lost at any time, it asks for none to know where it is: it stands between
/// frames, and keeps the number of each place and the count of each stretch. Of a cut frame the
/// rest is copied at once.
/// What is to be sent lies in lanes: a live one, and with `fresh_first` one for each outage, of
/// which the newest goes first. The live one goes before all others, between any two frames.
/// Ownership: borrows the log. Threads: loop thread only.
class SpooledCursor final : public LogReader {
 public:
  /// Goes on at `state`, else begins as the limits say.
  SpooledCursor(const FrameLog& log, CursorLimits limits, const std::optional<ReaderState>& state);

  void judge() override;
  void evict_before(std::uint64_t position) override;
  void lose(FramePlace from, FramePlace to) override;
  void enforce_limits(base::WallTime now) override;
  void change_limits(CursorLimits limits, base::WallTime now) override;

  [[nodiscard]] bool has_lanes() const noexcept override { return true; }

  void begin_connection(base::WallTime now) override;
  [[nodiscard]] bool behind() const noexcept override {
    return head_sent_ < head_.size() || !live().front().empty() ||
           (allowance_ > 0 && backlog() != 0);
  }
  [[nodiscard]] bool paced() const noexcept override { return allowance_ <= 0 && backlog() != 0; }
  void allow_backlog(std::int64_t bytes) override;
  [[nodiscard]] std::optional<std::chrono::milliseconds> judge_more() override;
  [[nodiscard]] bool waits_for_disk() const noexcept override { return waits_for_disk_; }
  void add_control(std::span<const std::byte> message) override;
  [[nodiscard]] std::uint64_t messages_before_control() const noexcept override {
    return messages_;
  }
  [[nodiscard]] std::size_t gather(std::span<iovec> spans, std::size_t max_bytes,
                                   std::span<std::byte> scratch) override;
  void serve_encoder(bool encoded) override { for_encoder_ = encoded; }
  void forget_resends() override;
  [[nodiscard]] Gathered gathered() const override;
  void wrote(std::size_t bytes) override;
  void acknowledge(std::uint64_t bytes) override;
  [[nodiscard]] std::uint64_t bytes_written() const noexcept override { return written_; }
  void end_connection() override;

  [[nodiscard]] bool settled() const noexcept override;
  [[nodiscard]] std::uint64_t held_from() const noexcept override { return held_place().position; }
  [[nodiscard]] std::uint64_t lag() const noexcept override;
  [[nodiscard]] ReaderState state() const override;

 private:
  [[nodiscard]] Ledger account(base::WallTime now) const noexcept override;
  using Ranges = std::deque<FrameRange>;
  struct Lane {
    std::uint64_t id = 0;  // 0: the live one.
    Ranges ranges;         // Oldest first, never empty.
    std::size_t runs = 0;  // Of it that are on the wire.
  };
  /// What is on the wire in one piece.
  struct Run {
    std::uint64_t wire;
    std::uint64_t wire_end;
    std::uint64_t lane;
    FrameRange frames;
    // Where its frames end on the wire, ascending, once the log has them no more.
    std::vector<std::uint64_t> ends;
    bool lost = false;
  };
  /// What a write took of the log.
  struct Taken {
    FramePlace to;
    Count chosen;
    std::span<const std::byte> rest;  // Of the frame that it cut.
  };

  [[nodiscard]] FramePlace end() const noexcept { return log_.written_end(); }
  [[nodiscard]] Ranges& live() noexcept { return lanes_.front().ranges; }
  [[nodiscard]] const Ranges& live() const noexcept { return lanes_.front().ranges; }
  [[nodiscard]] Lane& lane_of(const Run& run) noexcept;

  [[nodiscard]] Lane* lane_to_judge() noexcept;
  [[nodiscard]] std::vector<FrameRange> left_of(const Lane& lane) const;

  void take_up(const ReaderState& state);
  void judge_new(FramePlace to);
  void settle(Ranges& ranges);
  void judge_part(Ranges& ranges, std::size_t at, const LogStretch& stretch);
  [[nodiscard]] bool find_chosen(FrameRange& front, const LogStretch& stretch);
  struct Counted {
    Count count;
    bool whole;  ///< All could be had.
  };
  [[nodiscard]] Counted count_held(const FrameRange& range) const;
  [[nodiscard]] Count count(const FrameRange& range) const { return count_held(range).count; }
  [[nodiscard]] Count count_or_all(const FrameRange& range) const;
  [[nodiscard]] Count cut_out(FramePlace from, FramePlace to, std::array<FrameRange, 2>& parts);
  void drop(FramePlace from, FramePlace to, DropReason reason);
  void drop_of(Lane& lane, FramePlace from, FramePlace to, DropReason reason);
  void drop_before(FramePlace to, DropReason reason) { drop({}, to, reason); }
  void drop_lost();
  void drop_over(std::uint64_t max_bytes);
  [[nodiscard]] std::optional<FramePlace> frame_from(std::uint64_t position) const;

  [[nodiscard]] std::size_t backlog() const noexcept;
  [[nodiscard]] std::size_t choose_lane() const noexcept;
  [[nodiscard]] bool older_than(std::uint64_t position, base::WallTime time) const;
  void set_aside();
  void join_lanes();
  void forget_lanes();

  [[nodiscard]] bool bring_in(Ranges& ranges);
  [[nodiscard]] iovec gather_chosen(const FrameRange& front, std::span<std::byte> scratch) const;
  [[nodiscard]] Taken take_all(const FrameRange& front, std::size_t bytes) const;
  [[nodiscard]] Taken take_chosen(const FrameRange& front, std::size_t bytes) const;
  void add_run(Lane& lane, std::uint64_t bytes, const Taken& taken);
  void acknowledge_part(Run& run);
  void acknowledge_lost(Run& run);
  [[nodiscard]] std::optional<std::array<Run, 3>> split(const Run& run, FramePlace from,
                                                        FramePlace to) const;
  void list_lost(FramePlace from, FramePlace to);
  [[nodiscard]] FramePlace unsent_place() const noexcept;
  [[nodiscard]] FramePlace held_place() const noexcept;
  [[nodiscard]] std::chrono::milliseconds oldest_age(base::WallTime now) const noexcept;
  [[nodiscard]] base::WallTime time_at(std::uint64_t position) const;

  const FrameLog& log_;
  CursorLimits limits_;
  std::shared_ptr<const Sieve> sieve_;  // For what is still to come; null: all pass.

  FramePlace judged_;
  // The live one, whose last range ends at `judged_`, then those of outages, the newest first: all
  // of one lies behind all of the next. A range with a sieve lies in one segment, if it was judged
  // in this run.
  std::vector<Lane> lanes_;
  std::uint64_t last_lane_ = 0;  // Its id.
  std::size_t sending_ = 0;      // Index of the lane that was gathered from last.
  bool for_encoder_ = false;
  std::int64_t allowance_ = 0;  // Bytes of backlog that may be sent; below 0: a debt.
  std::deque<Run> runs_;
  bool jumped_ = true;  // What is sent next does not follow what was sent before.
  bool waits_for_disk_ = false;

  // Goes out before anything else: the rest of a cut frame, then control messages.
  std::vector<std::byte> head_;
  std::size_t head_sent_ = 0;
  std::uint64_t written_ = 0;
  std::uint64_t acked_ = 0;
  std::uint64_t messages_ = 0;

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
