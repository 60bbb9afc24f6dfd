#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "agent/publish/segment.h"
#include "agent/publish/spool.h"

namespace lariat::publish {

/// Segments read back from a spool, for all readers together.
///
/// Holds those asked for last, as many as fit 7 MiB, and two in any case; a page of data that is
/// there is never wrong, as positions are not used again.
/// Ownership: borrows the spool. Threads: loop thread only.
class SpoolPages {
 public:
  explicit SpoolPages(Spool& spool) noexcept : spool_(spool) {}

  struct Found {
    const Segment* segment = nullptr;  ///< Null: nothing is there, or
    bool later = false;                ///< there is no means to read it now.
  };
  /// The segment that holds `position`, valid until the next call but one.
  [[nodiscard]] Found at(std::uint64_t position);
  void clear() noexcept { pages_.clear(); }
  [[nodiscard]] std::size_t memory_bytes() const noexcept;

 private:
  [[nodiscard]] std::unique_ptr<Segment> slab_for(std::size_t bytes);

  Spool& spool_;
  std::vector<std::unique_ptr<Segment>> pages_;  // The one asked for last is the last.
};

}  // namespace lariat::publish
