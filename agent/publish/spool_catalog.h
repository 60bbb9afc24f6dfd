#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "agent/base/clock.h"
#include "agent/publish/spool_format.h"

namespace lariat::publish {

/// One segment file that can be read.
struct SpoolStored {
  SpoolExtent range;                 ///< As its head claims; its name is that of `range.from`.
  std::vector<SpoolExtent> extents;  ///< What of it can be read; trusted once `checked`.
  std::uint64_t file_bytes = 0;
  base::WallTime first_time{};
  base::WallTime last_time{};
  bool checked = false;
};

/// What is at a position: frames on disk, or a gap up to the next that are.
struct SpoolSpot {
  bool stored = false;
  SpoolExtent extent;    ///< Of a gap only `to` is to be relied on.
  bool damaged = false;  ///< A gap that was on disk once, as far as is known.
};

/// Which frames are on disk: the list of files, in order, without their contents. A hundred octets
/// a file. Pure.
class SpoolCatalog {
 public:
  /// Behind all others.
  void add(SpoolStored stored);
  /// The last file has grown.
  void grow(const SpoolExtent& by, base::WallTime now);
  /// What the file that begins there was found to hold, and to have held up to `end`.
  void set_findings(std::uint64_t base, SpoolPlace end, std::vector<SpoolExtent> extents);
  void set_file_bytes(std::uint64_t base, std::uint64_t bytes);
  void remove(std::uint64_t base);
  void remove_front() { files_.pop_front(); }
  /// Gaps before this position were on disk, or cannot be told from those that were.
  void set_damaged_before(std::uint64_t position) noexcept { damaged_before_ = position; }

  [[nodiscard]] std::uint64_t damaged_before() const noexcept { return damaged_before_; }

  [[nodiscard]] bool empty() const noexcept { return files_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return files_.size(); }
  [[nodiscard]] const std::deque<SpoolStored>& files() const noexcept { return files_; }
  [[nodiscard]] std::uint64_t bytes() const noexcept;
  [[nodiscard]] const SpoolStored* file_from(std::uint64_t base) const noexcept;
  /// The file whose range holds `position`; null if none does.
  [[nodiscard]] const SpoolStored* file_at(std::uint64_t position) const noexcept;
  /// `end`: where the log ends, to be the end of a gap behind all files.
  [[nodiscard]] SpoolSpot find(std::uint64_t position, SpoolPlace end) const;
  /// The first file with frames later than `time`; null if none has.
  [[nodiscard]] const SpoolStored* first_after(base::WallTime time) const noexcept;

 private:
  [[nodiscard]] SpoolStored* mutable_from(std::uint64_t base) noexcept;

  std::deque<SpoolStored> files_;  // In the order of positions; ranges do not overlap.
  std::uint64_t damaged_before_ = 0;
};

}  // namespace lariat::publish
