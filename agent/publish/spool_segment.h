#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "agent/base/clock.h"
#include "agent/base/unique_fd.h"
#include "agent/publish/spool_check.h"
#include "agent/publish/spool_format.h"
#include "agent/publish/spool_io.h"

namespace lariat::publish {

/// The segment file that is being written.
///
/// Each `append` is one write of all new octets and then one or two small ones of the entries that
/// vouch for them; nothing that was written is changed, but for the entry of the last block.
/// After an error it takes nothing more: what it held stays good.
/// Ownership: shares the descriptor with the disk's thread. Threads: loop thread only.
class SpoolSegment {
 public:
  /// `file` is empty or reads as zeros, and is on disk under the name of `header.base`.
  SpoolSegment(SpoolIo& io, std::shared_ptr<const base::UniqueFd> file, const SpoolHeader& header);
  ~SpoolSegment();
  SpoolSegment(const SpoolSegment&) = delete;
  SpoolSegment& operator=(const SpoolSegment&) = delete;

  /// Writes the fixed part; before anything else. Results are 0 or an errno, negative.
  [[nodiscard]] int begin();
  /// Whole frames, not more than there is room for.
  [[nodiscard]] int append(std::span<const std::byte> frames, base::WallTime now);
  /// The entry of the last block goes into the table. The thread may then cut the file at
  /// `file_size()`.
  [[nodiscard]] int seal();

  /// What was appended is about to be synced: entries of now are not overwritten until
  /// `sync_ended` says that they are on disk, or are not. One at a time.
  void sync_begins() noexcept;
  void sync_ended(bool good) noexcept;

  [[nodiscard]] bool has_room(std::size_t bytes) const noexcept {
    return bytes <= header_.capacity - size_;
  }
  [[nodiscard]] const SpoolHeader& header() const noexcept { return header_; }
  [[nodiscard]] SpoolPlace end() const noexcept {
    return {header_.base.position + size_, sequence_};
  }
  [[nodiscard]] std::uint64_t file_size() const noexcept {
    return spool_header_size(header_.capacity) + size_;
  }
  [[nodiscard]] base::WallTime last_time() const noexcept { return entry_.last_time; }
  [[nodiscard]] const std::shared_ptr<const base::UniqueFd>& file() const noexcept { return file_; }

 private:
  void add(std::span<const std::byte> part, base::WallTime now);
  [[nodiscard]] std::size_t add_frames(std::span<const std::byte> part, std::size_t frame,
                                       std::size_t at, std::size_t piece);
  [[nodiscard]] int write_table(std::span<const SpoolEntry> full);
  [[nodiscard]] int write_tail();
  [[nodiscard]] std::size_t free_slot() const noexcept;

  SpoolIo& io_;
  std::shared_ptr<const base::UniqueFd> file_;
  SpoolHeader header_;
  std::uint64_t size_ = 0;
  std::uint64_t sequence_;
  SpoolEntry entry_;  // Of the block that is being filled.
  struct Hash;
  std::unique_ptr<Hash> hash_;
  std::vector<std::byte> scratch_;
  std::vector<SpoolEntry> full_;

  static constexpr std::size_t kNone = kSpoolTailSlots;
  std::size_t last_slot_ = kNone;
  std::size_t syncing_slot_ = kNone;
  std::size_t synced_slot_ = kNone;
};

/// The head of a segment file, read. Nothing without `error` if it does not hold.
struct SpoolHead {
  std::optional<SpoolIndex> index;
  int error = 0;  ///< An errno, negative.
};
[[nodiscard]] SpoolHead read_spool_head(SpoolIo& io, int fd);

/// Reads the whole file and checks it. What cannot be read is damage.
[[nodiscard]] SpoolFindings check_spool_file(SpoolIo& io, int fd, const SpoolIndex& index);
/// The same, and the file's frames are left in `slab`, each at its offset from the base; what does
/// not fit there counts as not there.
[[nodiscard]] SpoolFindings load_spool_file(SpoolIo& io, int fd, const SpoolIndex& index,
                                            std::span<std::byte> slab);
/// The frame that holds the octet at `position`, which is not before the base; nothing if octets
/// before it in that frame's block, or those from there on, are not what was written.
[[nodiscard]] std::optional<SpoolPlace> find_spool_frame(SpoolIo& io, int fd,
                                                         const SpoolIndex& index,
                                                         std::uint64_t position);

}  // namespace lariat::publish
