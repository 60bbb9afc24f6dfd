#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "agent/publish/spool_format.h"

namespace lariat::publish {

/// The first `entry.committed` octets are there and the same.
[[nodiscard]] bool vouches(const SpoolEntry& entry, std::span<const std::byte> octets) noexcept;

/// Finds the ends of frames in bytes that come piece by piece.
class FrameWalk {
 public:
  FrameWalk() = default;
  /// The first piece begins with a frame, there.
  explicit FrameWalk(SpoolPlace start) noexcept : whole_(start), at_(start.position) {}

  void feed(std::span<const std::byte> bytes) noexcept;
  /// Behind the last frame that was all there.
  [[nodiscard]] SpoolPlace whole() const noexcept { return whole_; }
  [[nodiscard]] bool mid_frame() const noexcept { return at_ != whole_.position; }

 private:
  void head(unsigned octet) noexcept;

  SpoolPlace whole_;
  std::uint64_t at_ = 0;      // Position of the next octet.
  std::uint64_t skip_ = 0;    // Octets of a field's body still to come.
  unsigned head_octets_ = 0;  // Of a message's or a field's header, seen.
  unsigned head_ = 0;
  bool in_fields_ = false;
  bool final_ = false;
};

/// What of a segment file can be trusted.
struct SpoolFindings {
  std::vector<SpoolExtent> extents;  ///< Whole frames of blocks that are intact, in order.
  SpoolPlace begin;
  SpoolPlace end;          ///< Behind the last frame that the file claims to hold.
  std::uint64_t lost = 0;  ///< Frames claimed and not in `extents`.
  bool damaged = false;    ///< Octets that were vouched for are not there or not the same.
};

/// Holds the octets of a segment file against its entries, block by block.
class SpoolCheck {
 public:
  /// `index` must outlive it.
  explicit SpoolCheck(const SpoolIndex& index) noexcept;

  /// The octets of the next block, as many as there are; from block 0 on.
  void block(std::span<const std::byte> octets);
  /// After `index.blocks()` blocks.
  [[nodiscard]] SpoolFindings finish();

 private:
  void take(const SpoolEntry& entry, std::span<const std::byte> octets);
  void close_run();
  [[nodiscard]] SpoolPlace last_end() const noexcept;

  const SpoolIndex& index_;
  std::size_t next_ = 0;
  bool running_ = false;  // The last block was intact, full, and belongs to the present extent.
  SpoolPlace run_begin_;
  FrameWalk walk_;
  SpoolFindings findings_;
};

}  // namespace lariat::publish
