#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "agent/base/clock.h"
#include "agent/expose/snapshot.h"
#include "agent/expose/sources.h"

namespace lariat::expose {

/// Which metrics: `scope` of `/metrics`.
enum class Scope : std::uint8_t { kAll, kAgent, kHost };
/// `agent` or `host`, and nothing for all else.
[[nodiscard]] std::optional<Scope> parse_scope(std::string_view text) noexcept;

/// One answer with metrics, made in pieces so that other work goes on in between. The agent's own
/// metrics are of the moment it was made; those of the host of the moment they are written.
///
/// Memory: the agent's part, and one piece. Ownership: borrows the snapshot.
class Scrape {
 public:
  Scrape(Scope scope, const Sources& sources, base::Monotonic now);

  /// All of it, if that is about `most` octets or less; then there is nothing left to read.
  [[nodiscard]] std::optional<std::string> take_whole(std::size_t most);
  /// Copies the octets that follow to `to`, at most `room`; 0 at the end.
  [[nodiscard]] std::size_t read(char* to, std::size_t room);

 private:
  bool refill();

  Snapshot* snapshot_;
  base::Monotonic began_;
  std::string piece_;
  std::size_t read_ = 0;  // Octets of it.
  bool more_ = false;
  Snapshot::Position position_;
};

}  // namespace lariat::expose
