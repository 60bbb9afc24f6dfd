#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "collectors/linux/route_dump.h"

namespace lariat::host {

/// Whether what the kernel has to say of an interface, but for its counters, has changed: a number
/// made of all of it, which one dump tells of all interfaces. The files of /sys that say the same
/// cost thirty system calls each time.
class LinkDigests {
 public:
  /// Asks anew. False if the kernel does not answer as it should; then nothing is known.
  [[nodiscard]] bool read();
  /// Of the interface of this name; nothing if there is none.
  [[nodiscard]] std::optional<std::uint64_t> of(std::string_view name) const noexcept;

  /// Takes one message of a RTM_GETLINK dump. Trusts no length in it.
  void take(std::uint16_t type, std::span<const std::byte> body);

 private:
  RouteDump dump_;
  std::vector<std::pair<std::string, std::uint64_t>> digests_;
  std::size_t count_ = 0;  // Of them, of the newest dump; the rest keep their memory.
};

}  // namespace lariat::host
