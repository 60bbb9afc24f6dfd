#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/base/clock.h"

namespace lariat::publish {

/// A frame's place in the log, as files hold it.
struct SpoolPlace {
  std::uint64_t position = 0;  ///< Of its first byte.
  std::uint64_t sequence = 0;  ///< Its number.

  friend bool operator==(const SpoolPlace&, const SpoolPlace&) = default;
};

/// Whole frames, one behind the other: those before `to`, from `from` on.
struct SpoolExtent {
  SpoolPlace from;
  SpoolPlace to;

  [[nodiscard]] bool holds(std::uint64_t position) const noexcept {
    return position >= from.position && position < to.position;
  }
  [[nodiscard]] std::uint64_t bytes() const noexcept { return to.position - from.position; }
  [[nodiscard]] std::uint64_t frames() const noexcept { return to.sequence - from.sequence; }
  friend bool operator==(const SpoolExtent&, const SpoolExtent&) = default;
};

// A segment file, all numbers little-endian:
//
//      0  the fixed part: what the file is, protected by its own check
//     64  three slots of 40 octets for the entry of the block that is being filled
//    192  the table: an entry for each block that is full, or was the last when the file was closed
//         zeros up to a multiple of 4096
//         the frames
//
// An entry says what it vouches for, and has a check of itself. Data is written before the entry
// that vouches for it, and an entry that was synced is not written again before a younger one is
// synced: whatever a torn write leaves, an older entry holds. A table's entry is written once.
inline constexpr std::size_t kSpoolBlockSize = std::size_t{16} << 10U;
inline constexpr std::size_t kSpoolFixedSize = 64;
inline constexpr std::size_t kSpoolEntrySize = 40;
inline constexpr std::size_t kSpoolTailSlots = 3;
inline constexpr std::size_t kSpoolTableOffset = 192;
inline constexpr std::uint64_t kMaxSpoolCapacity = std::uint64_t{1} << 30U;

[[nodiscard]] constexpr std::size_t spool_blocks(std::uint64_t capacity) noexcept {
  return static_cast<std::size_t>((capacity + kSpoolBlockSize - 1) / kSpoolBlockSize);
}
/// Octets before the frames: a multiple of 4096.
[[nodiscard]] constexpr std::size_t spool_header_size(std::uint64_t capacity) noexcept {
  const auto used = kSpoolTableOffset + spool_blocks(capacity) * kSpoolEntrySize;
  return (used + 4095) / 4096 * 4096;
}

/// The fixed part.
struct SpoolHeader {
  SpoolPlace base;             ///< Of the first frame.
  std::uint64_t capacity = 0;  ///< Most octets of frames, up to `kMaxSpoolCapacity`.
  base::WallTime created{};

  friend bool operator==(const SpoolHeader&, const SpoolHeader&) = default;
};

/// What an entry vouches for: the first octets of one block.
struct SpoolEntry {
  static constexpr std::uint32_t kNoFrame = 0xffff;

  std::uint32_t block = 0;               ///< Which, from 0.
  std::uint32_t committed = 0;           ///< Octets, at most `kSpoolBlockSize`.
  std::uint32_t first_frame = kNoFrame;  ///< Offset in the block of the first that begins there.
  std::uint32_t frames = 0;              ///< How many begin there.
  std::uint64_t sequence = 0;            ///< Of the first that begins there or later.
  base::WallTime first_time{};           ///< When the first octets were written.
  base::WallTime last_time{};            ///< When the last were, up to 49 days later.
  std::uint64_t hash = 0;                ///< XXH3 of the octets.

  [[nodiscard]] bool full() const noexcept { return committed == kSpoolBlockSize; }
  friend bool operator==(const SpoolEntry&, const SpoolEntry&) = default;
};

[[nodiscard]] std::array<std::byte, kSpoolFixedSize> encode_header(const SpoolHeader& header);
/// Nothing if it is not what `encode_header` wrote.
[[nodiscard]] std::optional<SpoolHeader> decode_header(std::span<const std::byte> bytes);

/// Appends the `kSpoolEntrySize` octets of an entry in the file with that header.
void encode_entry(const SpoolHeader& header, const SpoolEntry& entry, std::vector<std::byte>& out);
/// Nothing if it is not an entry of that file.
[[nodiscard]] std::optional<SpoolEntry> decode_entry(const SpoolHeader& header,
                                                     std::span<const std::byte> bytes);

/// `0000000000a40000.seg`: names in their order are positions in theirs.
[[nodiscard]] std::string spool_name(std::uint64_t position);
/// The position in such a name; nothing for any other name.
[[nodiscard]] std::optional<std::uint64_t> spool_position(std::string_view name);

/// Where a frame begins, and when it was written at the earliest and at the latest.
struct SpoolMark {
  SpoolPlace place;
  base::WallTime first_time{};
  base::WallTime last_time{};
};

/// What the head of a segment file claims. That the frames are there is shown by `SpoolCheck`.
class SpoolIndex {
 public:
  /// Nothing if the fixed part does not hold. `head` is as much of the file's head as is there.
  [[nodiscard]] static std::optional<SpoolIndex> decode(std::span<const std::byte> head);

  [[nodiscard]] const SpoolHeader& header() const noexcept { return header_; }
  [[nodiscard]] std::size_t head_size() const noexcept {
    return spool_header_size(header_.capacity);
  }
  /// Entries for that block that are whole, those for more octets first.
  [[nodiscard]] std::span<const SpoolEntry> entries(std::size_t block) const noexcept;
  /// Blocks up to the last that has an entry.
  [[nodiscard]] std::size_t blocks() const noexcept;
  /// Behind the last frame that an entry tells of. One that is not all there is counted.
  [[nodiscard]] SpoolPlace end() const noexcept;
  [[nodiscard]] base::WallTime first_time() const noexcept;
  [[nodiscard]] base::WallTime last_time() const noexcept;
  /// One for each block in which a frame begins, in order.
  [[nodiscard]] std::vector<SpoolMark> marks() const;

 private:
  SpoolHeader header_;
  std::vector<SpoolEntry> entries_;  // By block, then by octets, most first.
};

}  // namespace lariat::publish
