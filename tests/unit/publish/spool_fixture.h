#pragma once

#include <fcntl.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "agent/loop/loop.h"
#include "agent/publish/spool.h"
#include "tests/support/frames.h"
#include "tests/support/loop_driver.h"
#include "tests/support/temporary_directory.h"

namespace lariat::publish {

/// A disk whose calls fail on demand, with that errno; 0: they do not.
class FaultyIo : public SpoolIo {
 public:
  std::atomic<int> open_error = 0;  // Of what would be created.
  std::atomic<int> write_error = 0;
  std::atomic<int> read_error = 0;
  std::atomic<int> sync_error = 0;
  std::atomic<int> allocate_error = 0;
  std::atomic<int> rename_error = 0;
  std::atomic<int> list_error = 0;
  std::atomic<int> syncs = 0;
  std::atomic<std::uint64_t> octets_written = 0;

  int open(int directory, const std::string& name, int flags) override {
    const bool creates = (flags & O_CREAT) != 0;
    if (creates && open_error != 0) return -open_error;
    return SpoolIo::open(directory, name, flags);
  }
  int list(int directory, std::vector<std::string>& names) override {
    return list_error != 0 ? -list_error : SpoolIo::list(directory, names);
  }
  std::int64_t read(int fd, std::span<std::byte> to, std::uint64_t offset) override {
    return read_error != 0 ? -read_error : SpoolIo::read(fd, to, offset);
  }
  std::int64_t write(int fd, std::span<const std::byte> from, std::uint64_t offset) override {
    if (write_error != 0) return -write_error;
    octets_written += from.size();
    return SpoolIo::write(fd, from, offset);
  }
  int allocate(int fd, std::uint64_t size) override {
    return allocate_error != 0 ? -allocate_error : SpoolIo::allocate(fd, size);
  }
  int sync(int fd) override {
    ++syncs;
    return sync_error != 0 ? -sync_error : SpoolIo::sync(fd);
  }
  int rename(int directory, const std::string& from, const std::string& to) override {
    return rename_error != 0 ? -rename_error : SpoolIo::rename(directory, from, to);
  }
};

inline base::WallTime seconds_after_start(std::int64_t seconds) {
  return base::WallTime(std::chrono::seconds(1'700'000'000 + seconds));
}

/// Frames with numbers, one behind the other.
inline std::vector<std::byte> numbered_frames(std::uint64_t first, std::size_t count,
                                              std::size_t padding = 0) {
  std::vector<std::byte> bytes;
  for (std::size_t n = 0; n < count; ++n) {
    const auto frame = test::numbered_frame(first + n, 0, padding);
    bytes.insert(bytes.end(), frame.begin(), frame.end());
  }
  return bytes;
}

/// An open file of a segment, without a directory.
inline std::shared_ptr<const base::UniqueFd> segment_file(SpoolIo& io, const std::string& path) {
  return std::make_shared<const base::UniqueFd>(io.open(AT_FDCWD, path, O_RDWR | O_CREAT));
}

}  // namespace lariat::publish
