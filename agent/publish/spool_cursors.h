#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "agent/base/clock.h"
#include "agent/publish/spool_format.h"

namespace lariat::publish {

/// Frames that an endpoint has not got yet.
struct SpoolPiece {
  SpoolExtent extent;
  std::uint16_t match = 0;   ///< Which of the cursor's `matches` is for it, from 1 on; 0: all pass.
  bool judged = true;        ///< False: nobody has seen yet which of them pass.
  std::uint64_t frames = 0;  ///< With a match, once judged: those that pass,
  std::uint64_t bytes = 0;   ///< and their octets.

  friend bool operator==(const SpoolPiece&, const SpoolPiece&) = default;
};

/// How far one endpoint is.
struct SpoolCursor {
  SpoolPlace judged;        ///< Frames from here on are still to be looked at,
  std::uint16_t match = 0;  ///< by this one of `matches`; 0: all pass.
  /// What it has not got of those before: in each what is sent in order, the live one first, then
  /// those of outages, newest first. All of one lies behind all of the next.
  std::vector<std::vector<SpoolPiece>> lanes;
  std::vector<std::vector<std::string>> matches;  ///< Each a list of patterns.
  base::WallTime last_configured{};               ///< When it was in the configuration.

  /// All before it was delivered or dropped.
  [[nodiscard]] SpoolPlace acked() const noexcept;
  /// The same of what comes live: outages may have left some before it.
  [[nodiscard]] SpoolPlace live() const noexcept;
  friend bool operator==(const SpoolCursor&, const SpoolCursor&) = default;
};

/// What the cursor file holds.
struct SpoolCursors {
  base::WallTime saved{};
  SpoolPlace log_end;  ///< Positions and sequences before it were in use.
  std::map<std::string, SpoolCursor, std::less<>> endpoints;

  friend bool operator==(const SpoolCursors&, const SpoolCursors&) = default;
};

inline constexpr std::size_t kMaxSpoolLanes = 17;
inline constexpr std::size_t kMaxSpoolPieces = 8192;  ///< Of one endpoint.
inline constexpr std::size_t kMaxSpoolMatches = 64;
inline constexpr std::size_t kMaxSpoolPatterns = 1024;  ///< Of one match.
inline constexpr std::size_t kMaxSpoolCursors = 4096;
inline constexpr std::size_t kMaxCursorName = 1024;
inline constexpr std::size_t kMaxCursorFile = std::size_t{8} << 20U;
/// How long the cursor of an endpoint is kept that is no longer in the configuration.
inline constexpr std::chrono::hours kKeepRemovedCursor{24};

/// Within the limits above.
[[nodiscard]] std::vector<std::byte> encode_cursors(const SpoolCursors& cursors);
/// Nothing if it is not what `encode_cursors` wrote, to the last octet.
[[nodiscard]] std::optional<SpoolCursors> decode_cursors(std::span<const std::byte> bytes);

/// Marks those in `configured` as seen `now`, and forgets those that have not been for a day.
void forget_removed(SpoolCursors& cursors, std::span<const std::string> configured,
                    base::WallTime now);

}  // namespace lariat::publish
