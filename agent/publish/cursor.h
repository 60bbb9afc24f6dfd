#pragma once

#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "agent/publish/frame_log.h"
#include "agent/publish/log_reader.h"
#include "agent/publish/selection.h"
#include "agent/publish/wire_map.h"

namespace lariat::publish {

/// The reader of a log in memory that sends it in order: nothing is counted that can be told from
/// positions, so a frame costs it nothing.
class Cursor final : public LogReader {
 public:
  Cursor(const FrameLog& log, CursorLimits limits);

  void judge() override;
  void evict_before(std::uint64_t position) override;
  void lose(FramePlace from, FramePlace to) override;
  void enforce_limits(base::WallTime now) override;
  void change_limits(CursorLimits limits, base::WallTime now) override;

  [[nodiscard]] bool has_lanes() const noexcept override { return false; }

  void begin_connection(base::WallTime now) override;
  [[nodiscard]] bool behind() const noexcept override {
    return head_sent_ < head_.size() || ranges_.front().from < ranges_.front().to;
  }
  [[nodiscard]] bool paced() const noexcept override { return false; }
  void allow_backlog(std::int64_t /*bytes*/) override {}
  [[nodiscard]] std::optional<std::chrono::milliseconds> judge_more() override { return {}; }
  [[nodiscard]] bool waits_for_disk() const noexcept override { return false; }
  void add_control(std::span<const std::byte> message) override;
  [[nodiscard]] std::uint64_t messages_before_control() const noexcept override;
  [[nodiscard]] std::size_t gather(std::span<iovec> spans, std::size_t max_bytes,
                                   std::span<std::byte> scratch) override;
  void serve_encoder(bool encoded) override { for_encoder_ = encoded; }
  void forget_resends() override { resend_until_ = 0; }
  [[nodiscard]] Gathered gathered() const override;
  void wrote(std::size_t bytes) override;
  void acknowledge(std::uint64_t bytes) override;
  [[nodiscard]] std::uint64_t bytes_written() const noexcept override { return written_; }
  void end_connection() override;

  [[nodiscard]] bool settled() const noexcept override;
  [[nodiscard]] std::uint64_t held_from() const noexcept override;
  [[nodiscard]] std::uint64_t lag() const noexcept override;
  [[nodiscard]] ReaderState state() const override;

 private:
  [[nodiscard]] Ledger account(base::WallTime now) const noexcept override;
  void change_filter(const std::optional<proto::Filter>& filter);
  void forget_past();
  void park_cut_frame();
  [[nodiscard]] iovec gather_chosen(Range range, std::span<std::byte> scratch) const noexcept;
  void skip_to(std::uint64_t position, DropReason reason);
  void advance(std::uint64_t log_bytes);
  void advance_filtered(std::uint64_t wire_bytes);
  void settle_range();
  void close_stretch(std::uint64_t next);
  [[nodiscard]] std::uint64_t wire_end() const noexcept {
    return written_ + (head_.size() - head_sent_);
  }

  const FrameLog& log_;
  CursorLimits limits_;
  Selection selection_;
  WireMap wire_;

  FramePlace judged_;
  // To send, oldest first; never empty, the last one ends at `judged_`. Only the first may begin in
  // mid-frame. With a filter it begins at a frame that passes, or is empty.
  std::vector<Range> ranges_;
  bool jumped_ = false;  // Frames were left out before the first range.

  // Goes out before anything else: the rest of a cut frame, then control messages.
  std::vector<std::byte> head_;
  std::size_t head_sent_ = 0;
  std::uint64_t written_ = 0;
  std::uint64_t messages_ = 0;      // On this connection, up to `stretch_`, and control messages.
  std::uint64_t stretch_ = 0;       // Without a filter: sequence where the present stretch began.
  std::uint64_t resend_until_ = 0;  // Frames before it were on a wire once.
  bool for_encoder_ = false;

  std::uint64_t accepted_ = 0;
  std::uint64_t resent_ = 0;
  std::array<std::uint64_t, kDropReasons> dropped_{};
};

}  // namespace lariat::publish
