#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/base/clock.h"
#include "agent/base/result.h"
#include "agent/loop/loop.h"
#include "agent/loop/timer.h"
#include "agent/publish/spool_catalog.h"
#include "agent/publish/spool_cursors.h"
#include "agent/publish/spool_directory.h"
#include "agent/publish/spool_disk_thread.h"
#include "agent/publish/spool_format.h"
#include "agent/publish/spool_io.h"
#include "agent/publish/spool_segment.h"

namespace lariat::publish {

struct SpoolOptions {
  std::string directory;
  std::uint64_t max_bytes = std::uint64_t{256} << 20U;
  std::chrono::milliseconds sync{1000};  ///< What a power loss may cost; 0: as fast as it goes.
  std::uint64_t segment_bytes = std::uint64_t{1} << 20U;  ///< The log's.
};

/// Frames of a file that cannot be read any more.
struct SpoolDamage {
  std::string file;
  SpoolExtent claimed;     ///< What it should hold; frames only if they are known.
  std::uint64_t lost = 0;  ///< Frames, as far as is known.
  bool set_aside = false;  ///< It is now FILE.bad; else what is intact in it stays in use.
};

/// What the spool tells. Called from the loop or from `open`; may call no method but those that
/// tell, and from `on_evict` those that read. None is called in the destructor.
struct SpoolEvents {
  /// Over budget: the oldest file goes after this. `end` is behind its last frame.
  std::function<void(SpoolPlace end)> on_evict;
  std::function<void(const SpoolDamage&)> on_damage;
  /// Once a change: why nothing is written any more; nothing: it is again.
  std::function<void(const std::optional<base::Error>& degraded)> on_state;
};

struct SpoolStats {
  std::uint64_t bytes = 0;              ///< On disk, those of the open file by its allocation.
  std::uint64_t segments = 0;           ///< Files.
  std::uint64_t segments_damaged = 0;   ///< Files found damaged since the start.
  std::uint64_t frames_not_stored = 0;  ///< Written while degraded: in memory only.
  std::uint64_t bytes_written = 0;      ///< To segment files.
  bool degraded = false;
};

/// Frames of a segment file in memory.
struct SpoolPage {
  enum class State {
    kRead,   ///< The extent is in the slab, and is what was written.
    kGap,    ///< There is nothing (any more): `find` says up to where.
    kLater,  ///< The system is short of descriptors or memory.
  };
  State state = State::kGap;
  SpoolExtent extent;                ///< The one that holds the position.
  std::span<const std::byte> bytes;  ///< Its octets, in the slab.
  std::vector<SpoolMark> marks;      ///< In it, at least one.
};

/// The log on disk: what the log appends is written through to files, one segment each, and read
/// back when a cursor comes to it.
///
/// What a finished `write` wrote outlives the process; what is older than `sync`, the machine.
/// Whatever the disk answers, nothing throws and nothing but `read`, `frame_at` and `first_after`
/// waits for it: while it takes nothing the spool is *degraded*, tries again by itself, and goes on
/// with a new file. Then there are gaps, which `find` tells.
/// Ownership: borrows the loop; shares `io` with the disk's thread. Threads: loop thread only.
class Spool {
 public:
  /// Takes up what is in the directory: reads the heads of all files, checks the last one, the
  /// others later. An error only if another agent has it, or no thread can be started; any other
  /// trouble is a degraded spool.
  [[nodiscard]] static base::Result<std::unique_ptr<Spool>> open(SpoolOptions options,
                                                                 SpoolEvents events,
                                                                 loop::Loop& loop,
                                                                 std::shared_ptr<SpoolIo> io);
  ~Spool();
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  /// Of the oldest frame on disk; `end()` if there is none.
  [[nodiscard]] SpoolPlace begin() const noexcept;
  /// Behind the last frame written. After `open`: where the log must go on, behind everything that
  /// was ever in use.
  [[nodiscard]] SpoolPlace end() const noexcept { return end_; }
  /// The cursors that were found. `cursors_lost`: there was a file, and it cannot be trusted.
  [[nodiscard]] const SpoolCursors& cursors() const noexcept { return found_cursors_; }
  [[nodiscard]] bool cursors_lost() const noexcept { return cursors_lost_; }

  /// Writes whole frames, which follow those before: once a loop turn, before anything is sent. Not
  /// more than a segment at once; where the log begins a segment the call is another.
  void write(const SpoolExtent& range, std::span<const std::byte> bytes, base::WallTime now);

  [[nodiscard]] SpoolSpot find(std::uint64_t position) const {
    return catalog_.find(position, end_);
  }
  /// Reads the extent that holds `position`. `slab` has room for a segment of the file.
  [[nodiscard]] SpoolPage read(std::uint64_t position, std::span<std::byte> slab);
  /// Octets that a slab needs for the file that holds `position`: files of an earlier run may have
  /// larger segments.
  [[nodiscard]] std::uint64_t slab_size(std::uint64_t position) const noexcept;
  /// The frame that holds the octet at `position`, which is on disk; nothing if it cannot be read.
  [[nodiscard]] std::optional<SpoolPlace> frame_at(std::uint64_t position);
  /// The first frame on disk that may have been written later than `time`, or the end.
  [[nodiscard]] SpoolPlace first_after(base::WallTime time);

  /// Removes files that lie wholly before `position`, but never the one that is being written.
  void release(std::uint64_t position);
  /// Writes the cursor file soon, at most once a second. `log_end` and `saved` are filled in. When
  /// it is on disk what lies before `needed_from` is released.
  void save_cursors(SpoolCursors cursors, base::WallTime now, std::uint64_t needed_from = 0);
  /// Closes the file, saves the cursors and waits for the disk, not longer than `patience`. False
  /// if it did not get everything. To be called last.
  [[nodiscard]] bool close(SpoolCursors cursors, base::WallTime now,
                           std::chrono::milliseconds patience);

  /// In a child process, before the destructor: the disk's thread, which is not here, is neither
  /// waited for nor spoken to.
  void abandon() noexcept { thread_->abandon(); }

  [[nodiscard]] bool degraded() const noexcept { return degraded_.has_value(); }
  /// Why, as one sentence; empty if it is not.
  [[nodiscard]] std::string_view reason() const noexcept {
    return degraded_ ? std::string_view(degraded_->text) : std::string_view();
  }
  [[nodiscard]] SpoolStats stats() const noexcept;
  /// The disk's thread has nothing to do.
  [[nodiscard]] bool idle() const noexcept { return thread_->pending() == 0; }
  /// Files of an earlier run that no one has checked yet.
  [[nodiscard]] std::size_t unchecked() const noexcept { return to_check_.size(); }

 private:
  struct Prepared;
  /// A file for a segment to come.
  struct SpareFile {
    std::shared_ptr<const base::UniqueFd> file;
    std::string name;
    std::size_t number = kMaxRecycled;  // Of its name; `kMaxRecycled`: it was made.
  };
  /// A file, open; without an index there is nothing to be read.
  struct OpenFile {
    std::uint64_t base = 0;
    base::UniqueFd fd;
    std::optional<SpoolIndex> index;
    bool later = false;
  };
  Spool(SpoolOptions options, SpoolEvents events, loop::Loop& loop, std::shared_ptr<SpoolIo> io);

  [[nodiscard]] std::optional<base::Error> take_up();
  void post_cleaning();
  void take_up_file(const SpoolListed& listed, bool last);
  void take_up_cursors();
  [[nodiscard]] OpenFile open_at(std::uint64_t position);
  void post_read_ahead(std::uint64_t position);
  void set_aside(const std::string& name, std::uint64_t bytes);
  void note_findings(std::uint64_t base, const SpoolFindings& findings);
  void tell_damage(const SpoolDamage& damage);

  [[nodiscard]] int open_segment(SpoolPlace base, base::WallTime now);
  [[nodiscard]] int claim_file(const std::string& name,
                               std::shared_ptr<const base::UniqueFd>& file);
  void close_segment();
  /// A file that is closed and not synced yet.
  struct Sealed {
    std::uint64_t base;
    std::uint64_t size;  ///< To be cut to.
  };
  [[nodiscard]] static int sync_sealed(SpoolIo& io, const SpoolDirectory& directory,
                                       const std::vector<Sealed>& files);
  struct Syncing {
    std::vector<Sealed> sealed;
    std::shared_ptr<const base::UniqueFd> open;  ///< Null: none is.
    bool new_name = false;
  };
  void synced(const Syncing& what, bool open_synced, int result, std::uint64_t era);
  void post_last_cursors();
  void make_room();
  void remove_oldest(std::size_t spares);
  void post_recycle(const std::string& name, std::size_t number);
  void recycled(const std::shared_ptr<SpoolDirectory>& directory, std::uint64_t era,
                SpareFile spare);
  void post_remove(std::shared_ptr<SpoolDirectory> directory, std::string name);
  void remove_spare();
  void post_spare();
  [[nodiscard]] std::uint64_t full_file() const noexcept {
    return spool_header_size(options_.segment_bytes) + options_.segment_bytes;
  }
  [[nodiscard]] std::size_t spares() const noexcept { return spares_.size() + recycling_; }

  void want_sync();
  void post_sync();
  void check_now(std::uint64_t base);
  void post_check();
  void post_check_of(const SpoolExtent& range);
  [[nodiscard]] static std::optional<SpoolFindings> check_file(SpoolIo& io,
                                                               const SpoolDirectory& directory,
                                                               const SpoolExtent& range);
  void post_cursors();
  /// Cursors to be written, and the first position that they need.
  struct Unsaved {
    SpoolCursors cursors;
    std::uint64_t needed_from;
  };
  void cursors_saved(const Unsaved& saved, int result, std::uint64_t era);

  void degrade(base::Error error);
  void post_retry();
  [[nodiscard]] static Prepared prepare(SpoolIo& io,
                                        const std::shared_ptr<SpoolDirectory>& directory,
                                        const std::string& path, std::uint64_t bytes);
  void come_back(const Prepared& prepared);

  SpoolOptions options_;
  SpoolEvents events_;
  std::shared_ptr<SpoolIo> io_;
  std::shared_ptr<SpoolDirectory> directory_;  // Null: never had.

  SpoolCatalog catalog_;
  SpoolPlace end_;
  std::unique_ptr<SpoolSegment> segment_;  // Its file is the catalog's last; null: none is open.
  std::vector<SpareFile> spares_;
  std::size_t recycling_ = 0;                // That the thread has still to do.
  std::uint64_t ahead_ = ~std::uint64_t{0};  // Base of the file that was read ahead last.
  std::deque<std::uint64_t> to_check_;       // Bases.
  std::vector<Sealed> sealed_;

  std::array<bool, kMaxRecycled> names_used_{};  // Of files that are or become spares.
  bool spare_posted_ = false;
  bool new_name_ = false;  // A file got its name since the directory was synced.
  bool syncing_ = false;
  bool dirty_ = false;
  bool checking_ = false;
  loop::Timer sync_due_;

  SpoolCursors found_cursors_;
  bool cursors_lost_ = false;
  std::optional<Unsaved> unsaved_;
  bool saving_ = false;
  bool closed_well_ = false;
  base::Monotonic saved_at_{};
  loop::Timer save_due_;

  std::optional<base::Error> degraded_;
  std::uint64_t era_ = 0;  // Counts changes into degraded: what was begun before one is void.
  std::chrono::milliseconds back_off_{0};
  base::Monotonic back_at_{};
  loop::Timer retry_due_;

  std::uint64_t bad_bytes_ = 0;  // Of files set aside.
  std::uint64_t damaged_ = 0;
  std::uint64_t frames_not_stored_ = 0;
  std::uint64_t bytes_written_ = 0;

  // Last, and so the first to go: what its work returned touches all of the above.
  std::unique_ptr<SpoolDiskThread> thread_;
};

}  // namespace lariat::publish
