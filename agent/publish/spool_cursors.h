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

/// How far one endpoint is.
struct SpoolCursor {
  SpoolPlace acked;                  ///< All before it was delivered or dropped, but for `backlog`.
  std::vector<SpoolExtent> backlog;  ///< Left for later, oldest first; at most `kMaxBacklog`.
  base::WallTime last_configured{};  ///< When it was in the configuration.

  friend bool operator==(const SpoolCursor&, const SpoolCursor&) = default;
};

/// What the cursor file holds.
struct SpoolCursors {
  base::WallTime saved{};
  SpoolPlace log_end;  ///< Positions and sequences before it were in use.
  std::map<std::string, SpoolCursor, std::less<>> endpoints;

  friend bool operator==(const SpoolCursors&, const SpoolCursors&) = default;
};

inline constexpr std::size_t kMaxBacklog = 16;
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
