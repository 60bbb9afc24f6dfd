#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/base/result.h"
#include "agent/base/unique_fd.h"
#include "agent/publish/spool_cursors.h"
#include "agent/publish/spool_format.h"
#include "agent/publish/spool_io.h"

namespace lariat::publish {

inline constexpr std::string_view kSpareName = "spare.tmp";
/// Files that are used again, at most.
inline constexpr std::size_t kMaxRecycled = 8;
/// `spare-N.tmp`: what such a one is called meanwhile.
[[nodiscard]] std::string recycled_name(std::size_t number);
inline constexpr std::string_view kCursorsName = "cursors";
inline constexpr std::string_view kCursorsTemporary = "cursors.tmp";
inline constexpr std::string_view kLockName = "lock";
inline constexpr std::string_view kBadEnding = ".bad";

/// A segment file, as its head tells.
struct SpoolListed {
  enum class State {
    kGood,        ///< The head holds.
    kBad,         ///< It does not, or does not fit its name or the files before it.
    kEmpty,       ///< Nothing was ever written to it, or no frame.
    kUnreadable,  ///< `error` says why.
  };
  State state = State::kGood;
  std::string name;
  std::uint64_t file_bytes = 0;
  SpoolExtent range;  ///< Claimed; of a bad one only what its name and its neighbours tell.
  base::WallTime first_time{};
  base::WallTime last_time{};
  int error = 0;  ///< An errno, negative.
};

/// A file that was set aside.
struct SpoolBadFile {
  std::string name;
  std::uint64_t bytes = 0;
  base::WallTime changed{};
};

struct SpoolListing {
  std::vector<SpoolListed> segments;  ///< In the order of positions.
  std::vector<SpoolBadFile> bad;      ///< Oldest first.
};

/// The cursor file, read.
struct SpoolCursorFile {
  enum class State { kGood, kAbsent, kBad, kUnreadable };
  State state = State::kAbsent;
  SpoolCursors cursors;
  int error = 0;  ///< An errno, negative.
};

/// The directory of a spool, held by descriptor: a path that leads elsewhere meanwhile harms
/// nothing. Files that are not ours are left alone.
/// Ownership: borrows `io`. Threads: any, one call at a time but for `fd`.
class SpoolDirectory {
 public:
  enum class Access {
    kOwn,   ///< To write: makes it if need be, checks owner and permissions, takes the lock.
    kLook,  ///< To read only, beside an agent that runs.
  };
  /// What `open` gives: a directory, or why there is none.
  struct Opened {
    std::shared_ptr<SpoolDirectory> directory;
    base::Error error;
    bool locked = false;  ///< Another process has it.
  };
  [[nodiscard]] static Opened open(SpoolIo& io, const std::string& path, Access access);

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] int fd() const noexcept { return fd_.get(); }
  /// The path still leads here, and the lock is still ours.
  [[nodiscard]] bool still_there() const;

  /// Reads heads only. An error if the directory itself cannot be read.
  [[nodiscard]] base::Result<SpoolListing> list() const;
  [[nodiscard]] SpoolCursorFile read_cursors() const;
  /// 0, or an errno, negative. Waits for the disk.
  [[nodiscard]] int write_cursors(const SpoolCursors& cursors) const;
  /// Renames it to NAME.bad. 0, or an errno, negative.
  [[nodiscard]] int set_aside(const std::string& name) const;
  /// Deletes the oldest files set aside until so many, with so many octets, are left.
  void trim_bad(std::size_t files, std::uint64_t bytes) const;
  /// An open file to be used for the next segment, with room on the disk, or an errno, negative.
  /// With `probe` some octets are written and synced, to see that the disk takes them.
  struct Spare {
    std::shared_ptr<const base::UniqueFd> file;
    int error = 0;
  };
  [[nodiscard]] Spare make_spare(std::uint64_t bytes, bool probe) const;
  /// The same of a segment's file that is needed no more: its first `head` octets are overwritten,
  /// on disk too, so that nothing vouches for what it held; it has the name `spare` then. It is
  /// removed if that fails.
  [[nodiscard]] Spare recycle(const std::string& name, const std::string& spare, std::uint64_t head,
                              std::uint64_t bytes) const;

 private:
  SpoolDirectory(SpoolIo& io, std::string path, base::UniqueFd fd)
      : io_(io), path_(std::move(path)), fd_(std::move(fd)) {}
  [[nodiscard]] std::optional<base::Error> check_owner() const;
  [[nodiscard]] std::optional<Opened> take_lock();
  [[nodiscard]] SpoolListed look_at(const std::string& name) const;

  SpoolIo& io_;
  std::string path_;
  base::UniqueFd fd_;
  base::UniqueFd lock_;
};

}  // namespace lariat::publish
