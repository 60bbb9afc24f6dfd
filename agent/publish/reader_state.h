#pragma once

#include <cstddef>
#include <cstdint>
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
  std::shared_ptr<const Sieve> sieve;  ///< That they are judged by; null: all pass.
  Count chosen;                        ///< With a sieve: those that pass. Not kept without.
  bool judged = true;                  ///< False: `sieve` has not been asked yet.
  bool resend = false;                 ///< They were on a wire once.

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

/// Outages that an endpoint keeps apart; with so many what comes next is sent in order.
inline constexpr std::size_t kMaxBacklog = 16;

/// What a reader has still to send: all that another needs to go on.
struct ReaderState {
  FramePlace judged;                   ///< What lies behind it is still to be judged,
  std::shared_ptr<const Sieve> sieve;  ///< by this; null: all pass.
  /// In each what is sent in order, oldest first: the live one, then those of outages, newest
  /// first. All that lies in one comes behind all of the next.
  std::vector<std::vector<FrameRange>> lanes;
  /// The account of this run so far. Nothing: it was another run, and what is to be sent is all
  /// that this one has accepted.
  std::optional<Ledger> so_far;

  /// All before it was delivered or dropped.
  [[nodiscard]] FramePlace first_needed() const noexcept {
    for (auto lane = lanes.rbegin(); lane != lanes.rend(); ++lane) {
      if (!lane->empty()) return lane->front().from;
    }
    return judged;
  }
};

}  // namespace lariat::publish
