#pragma once

#include <sys/uio.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "agent/publish/frame_log.h"
#include "agent/publish/selection.h"
#include "agent/publish/wire_map.h"
#include "proto/filter.h"

namespace lariat::publish {

/// Why a frame never reached an endpoint: the label `reason` of
/// `lariat_endpoint_frames_dropped_total`.
enum class DropReason { kEvicted, kFull, kExpired, kRejected, kUnsupported, kDamaged };
inline constexpr std::size_t kDropReasons = 6;
[[nodiscard]] std::string_view to_string(DropReason reason) noexcept;

/// What became of an endpoint's frames. At every reading, in frames:
/// `accepted == delivered + sum(dropped) + queued`; `queued` is counted from positions.
struct Ledger {
  std::uint64_t accepted = 0;   ///< Passed the filter, from the start on.
  std::uint64_t delivered = 0;  ///< Acknowledged.
  std::uint64_t resent = 0;     ///< Written again after a connection died under them.
  std::array<std::uint64_t, kDropReasons> dropped{};
  std::uint64_t queued = 0;
  std::uint64_t bytes_queued = 0;
  std::uint64_t bytes_in_flight = 0;  ///< Of those, written and not acknowledged.
  std::chrono::milliseconds oldest_age{};

  [[nodiscard]] std::uint64_t dropped_total() const noexcept;
  [[nodiscard]] bool balances() const noexcept {
    return accepted == delivered + dropped_total() + queued;
  }
};

/// Where a new endpoint begins: at what comes, or at the oldest frame that the log holds.
enum class Start { kEnd, kBegin };

struct CursorLimits {
  std::optional<proto::Filter> filter;
  Start start = Start::kEnd;
  std::optional<std::uint64_t> max_bytes;            ///< Lag; older unsent frames are dropped.
  std::optional<std::chrono::milliseconds> max_age;  ///< Since the append.

  friend bool operator==(const CursorLimits&, const CursorLimits&) = default;
};

/// One endpoint's place in the log: what it has to send next, what is on the wire, what became of
/// every frame. Knows bytes and positions, no sockets and no clock.
///
/// Invariants: `acked ≤ sent ≤ judged`; whole frames only, a cut one goes out again from its start
/// on the next connection; the ledger balances after every call. Ownership: borrows the log.
/// Threads: loop thread only.
class Cursor {
 public:
  Cursor(const FrameLog& log, CursorLimits limits);

  /// Takes in what the log has gained.
  void judge();
  /// The log is about to drop what lies before `position`: unsent frames there are `evicted`, the
  /// rest of one that is cut by the wire is set aside.
  void evict_before(std::uint64_t position);
  /// Takes in what the log has gained, and drops unsent frames over the lag and the age allowed.
  void enforce_limits(base::WallTime now);

  /// Others hold from now on: lag and age at once, a filter for the frames that are still to come.
  /// Where it started stays.
  void change_limits(CursorLimits limits, base::WallTime now);

  void begin_connection();
  /// Bytes are there that may be sent.
  [[nodiscard]] bool behind() const noexcept {
    return head_sent_ < head_.size() || ranges_.front().from < ranges_.front().to;
  }
  /// Puts a message of the connection's own behind the frame that is being sent.
  void add_control(std::span<const std::byte> message);
  /// Messages of this connection before a control message that were added now, control ones
  /// included.
  [[nodiscard]] std::uint64_t messages_before_control() const noexcept;
  /// The bytes to send next, at most `max_bytes` of them, in spans that are valid until the next
  /// call of any method. Frames chosen by a filter are gathered in `scratch`.
  [[nodiscard]] std::size_t gather(std::span<iovec> spans, std::size_t max_bytes,
                                   std::span<std::byte> scratch) const noexcept;
  /// The first `bytes` of what was gathered have been written.
  void wrote(std::size_t bytes);
  /// Of all bytes written on this connection, so many have arrived.
  void acknowledge(std::uint64_t bytes);
  [[nodiscard]] std::uint64_t bytes_written() const noexcept { return written_; }
  /// Frames not acknowledged go back to be sent, whole; those that the log no longer has are
  /// `evicted`.
  void end_connection();

  [[nodiscard]] Ledger ledger(base::WallTime now) const noexcept;
  /// Every frame that the log holds was judged, and delivered or dropped if it passed.
  [[nodiscard]] bool settled() const noexcept;
  /// The log must not recycle what lies behind this, as long as it has the choice.
  [[nodiscard]] std::uint64_t held_from() const noexcept;
  /// Bytes of the log not yet sent: how far the endpoint lags.
  [[nodiscard]] std::uint64_t lag() const noexcept;

 private:
  void change_filter(const std::optional<proto::Filter>& filter);
  void forget_past();
  void park_cut_frame();
  [[nodiscard]] iovec gather_chosen(std::span<std::byte> scratch) const noexcept;
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

  std::uint64_t accepted_ = 0;
  std::uint64_t resent_ = 0;
  std::array<std::uint64_t, kDropReasons> dropped_{};
};

}  // namespace lariat::publish
