#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "proto/message.h"

namespace lariat::proto {

/// Cuts a stream of octets, arriving in any pieces, into messages and judges each.
///
///     decoder.feed(piece);
///     while (const auto event = decoder.next()) …   // To its end: then `piece` may go.
///     … at the end of input: decoder.end()
///
/// Invariant: which events come depends on the octets alone, never on how they were cut.
/// Cost: a message that lies whole in a piece is handed out where it lies. Only one that is cut is
/// copied, each octet once. Memory follows the octets that arrived, never a length that they claim,
/// and is bounded by `Limits::bytes`.
/// Threads: one at a time.
class Decoder {
 public:
  struct Limits {
    std::size_t fields = 4096;                  ///< In one message.
    std::size_t bytes = std::size_t{1} << 20U;  ///< Of one message.
    std::size_t invalid_in_a_row = 100;         ///< One more ends the stream.
  };

  enum class Outcome : std::uint8_t {
    kMessage,  ///< Valid by `check`.
    kInvalid,  ///< Whole and to be dropped, for `reason`; the stream stays in step.
    kFatal,    ///< The stream is lost, for `reason`: close it. Comes once, and last.
  };

  struct Event {
    Outcome outcome = Outcome::kFatal;
    Reason reason = Reason::kNone;
    /// Borrows from the piece or from the decoder: good until the next call of `next` or `feed`.
    MessageView message;
  };

  enum class End : std::uint8_t { kClean, kTruncated, kFatal };

  Decoder() noexcept = default;
  explicit Decoder(const Limits& limits) noexcept : limits_(limits) {}

  /// The octets that follow. The last piece must have been used up: `next` has said nothing more.
  void feed(std::span<const std::byte> piece) noexcept;
  /// The next message, or nothing more in this piece.
  [[nodiscard]] std::optional<Event> next() noexcept;

  /// How the stream ended, if it ends here.
  [[nodiscard]] End end() const noexcept;
  /// Some but not all octets of a message have come: the caller's time-out runs.
  [[nodiscard]] bool mid_message() const noexcept { return !carry_.empty() && !carry_done_; }
  /// Octets of the stream before the first that belongs to no whole message.
  [[nodiscard]] std::uint64_t offset() const noexcept { return offset_; }

 private:
  enum class Step : std::uint8_t { kMore, kWhole, kFatal };

  [[nodiscard]] Step scan(std::span<const std::byte> bytes) noexcept;
  [[nodiscard]] std::size_t wanted() const noexcept;
  [[nodiscard]] Step resume() noexcept;
  [[nodiscard]] Event judge(std::span<const std::byte> bytes) noexcept;
  [[nodiscard]] Event fatal(Reason reason) noexcept;
  void drop_carry() noexcept;

  Limits limits_;
  std::span<const std::byte> piece_;  // Not yet looked at.
  std::vector<std::byte> carry_;      // Begin of a message that was cut.
  std::size_t scanned_ = 0;           // Octets of the message whose extent is known.
  std::size_t fields_ = 0;            // Of the message, up to there.
  std::size_t invalid_in_a_row_ = 0;
  std::uint64_t offset_ = 0;
  Reason fatal_ = Reason::kNone;
  bool final_seen_ = false;
  bool carry_done_ = false;  // The message in `carry_` is whole and was handed out.
  bool ended_ = false;
};

}  // namespace lariat::proto
