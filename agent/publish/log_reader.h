#pragma once

#include <sys/uio.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string_view>

#include "agent/base/clock.h"
#include "agent/publish/frame_log.h"
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
  /// After more than `kFreshAfter` away what was missed is a backlog beside what comes live.
  bool fresh_first = false;

  friend bool operator==(const CursorLimits&, const CursorLimits&) = default;
};

/// An endpoint that was away for no longer goes on in order.
inline constexpr std::chrono::seconds kFreshAfter{10};

struct ReaderState;

/// What is told of the frames that were gathered last.
struct Gathered {
  bool resend = false;      ///< The first was on a wire before.
  base::WallTime oldest{};  ///< About when the first of them was appended.
};

/// One endpoint's place in the log: what it has to send next, what is on the wire, what became of
/// every frame. Knows bytes and positions, no sockets and no clock.
///
/// Invariants: `acked ≤ sent ≤ judged`; whole frames only, a cut one goes out again from its start
/// on the next connection; the ledger balances after every call. Ownership: borrows the log.
/// Threads: loop thread only.
class LogReader {
 public:
  LogReader() = default;
  virtual ~LogReader() = default;
  LogReader(const LogReader&) = delete;
  LogReader& operator=(const LogReader&) = delete;

  /// Takes in what the log has gained.
  virtual void judge() = 0;
  /// Memory is about to drop what lies before `position`. With no copy on disk unsent frames there
  /// are `evicted`, and the rest of one that is cut by the wire is set aside.
  virtual void evict_before(std::uint64_t position) = 0;
  /// The frames of [from, to) are about to be had no more, neither in memory nor on disk: those
  /// unsent are `evicted`.
  virtual void lose(FramePlace from, FramePlace to) = 0;
  /// Takes in what the log has gained, and drops unsent frames over the lag and the age allowed.
  virtual void enforce_limits(base::WallTime now) = 0;
  /// Others hold from now on: lag and age at once, a filter for the frames that are still to come.
  /// Where it started stays.
  virtual void change_limits(CursorLimits limits, base::WallTime now) = 0;

  /// It can send what comes live before a backlog.
  [[nodiscard]] virtual bool has_lanes() const noexcept = 0;

  virtual void begin_connection(base::WallTime now) = 0;
  /// Bytes are there that may be sent.
  [[nodiscard]] virtual bool behind() const noexcept = 0;
  /// A backlog is there that may not: it waits for `allow_backlog`.
  [[nodiscard]] virtual bool paced() const noexcept = 0;
  /// So many bytes more of the backlog may be sent, which is none when a connection begins. What
  /// was allowed and not sent does not add up to more. `kNoPace`: all.
  virtual void allow_backlog(std::int64_t bytes) = 0;
  static constexpr std::int64_t kNoPace = std::numeric_limits<std::int64_t>::max();
  /// Judges a part of what an earlier run left to be judged: how long to wait before the next part.
  /// Nothing: there is none.
  [[nodiscard]] virtual std::optional<std::chrono::milliseconds> judge_more() = 0;
  /// They are on a disk that cannot be read for want of descriptors or memory: `gather` tried.
  [[nodiscard]] virtual bool waits_for_disk() const noexcept = 0;
  /// Puts a message of the connection's own behind the frame that is being sent.
  virtual void add_control(std::span<const std::byte> message) = 0;
  /// Messages of this connection before a control message that were added now, control ones
  /// included.
  [[nodiscard]] virtual std::uint64_t messages_before_control() const noexcept = 0;
  /// The bytes to send next, about `max_bytes` of them, in spans that are valid until the next
  /// call of any method. Frames chosen by a filter are gathered in `scratch`. With a spool there
  /// may be none although it is `behind`: then the next turn gets further.
  [[nodiscard]] virtual std::size_t gather(std::span<iovec> spans, std::size_t max_bytes,
                                           std::span<std::byte> scratch) = 0;
  /// Whether from now on what is gathered is encoded: then it begins with a whole frame if
  /// `max_bytes` allow, and has frames that were on a wire before, or others, but not both. Whole
  /// frames are `wrote`.
  virtual void serve_encoder(bool encoded) = 0;
  /// Another encoder goes on: what was on a wire so far is none of its, and not sent again.
  virtual void forget_resends() = 0;
  /// Of what `gather` returned last; to be asked before anything else is called.
  [[nodiscard]] virtual Gathered gathered() const = 0;
  /// The first `bytes` of what was gathered have been written.
  virtual void wrote(std::size_t bytes) = 0;
  /// Of all bytes written on this connection, so many have arrived.
  virtual void acknowledge(std::uint64_t bytes) = 0;
  [[nodiscard]] virtual std::uint64_t bytes_written() const noexcept = 0;
  /// Frames not acknowledged go back to be sent, whole; those that the log no longer has are
  /// `evicted`.
  virtual void end_connection() = 0;

  /// Of the frames acknowledged so far so many more were not delivered: nobody has them.
  void refuse(DropReason reason, std::uint64_t frames) noexcept {
    refused_[static_cast<std::size_t>(reason)] += frames;
  }

  [[nodiscard]] Ledger ledger(base::WallTime now) const noexcept;
  /// Every frame that the log holds was judged, and delivered or dropped if it passed.
  [[nodiscard]] virtual bool settled() const noexcept = 0;
  /// The first frame that the log must not drop, as long as it has the choice.
  [[nodiscard]] virtual std::uint64_t held_from() const noexcept = 0;
  /// Bytes of the log not yet sent: how far the endpoint lags.
  [[nodiscard]] virtual std::uint64_t lag() const noexcept = 0;
  /// With all that is not acknowledged, as after the death of a connection. Of a `Cursor`: to be
  /// called without one.
  [[nodiscard]] virtual ReaderState state() const = 0;

 private:
  /// The ledger as if all that was acknowledged were delivered.
  [[nodiscard]] virtual Ledger account(base::WallTime now) const noexcept = 0;

  std::array<std::uint64_t, kDropReasons> refused_{};
};

}  // namespace lariat::publish
