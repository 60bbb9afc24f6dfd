#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "agent/base/result.h"

namespace lariat::publish {

/// The system calls of the spool. A test derives from it to make any of them fail.
///
/// Each returns what the call returns, or the errno, negative; none is interrupted by a signal.
/// Threads: any; the loop's and the disk's use one object at the same time.
class SpoolIo {
 public:
  SpoolIo() = default;
  virtual ~SpoolIo() = default;
  SpoolIo(const SpoolIo&) = delete;
  SpoolIo& operator=(const SpoolIo&) = delete;

  /// `directory`: a descriptor, or AT_FDCWD. The file is closed in children.
  virtual int open(int directory, const std::string& name, int flags);
  virtual int make_directory(const std::string& path);
  virtual int list(int directory, std::vector<std::string>& names);
  virtual int status(int fd, struct stat& status);
  virtual int lock(int fd);
  virtual std::int64_t read(int fd, std::span<std::byte> to, std::uint64_t offset);
  virtual std::int64_t write(int fd, std::span<const std::byte> from, std::uint64_t offset);
  /// Blocks of the disk for so many octets, which read as zeros. A file system that cannot is good.
  virtual int allocate(int fd, std::uint64_t size);
  virtual int truncate(int fd, std::uint64_t size);
  virtual int sync(int fd);
  /// Brings the whole file to the system's cache, or begins to.
  virtual void read_ahead(int fd);
  virtual int rename(int directory, const std::string& from, const std::string& to);
  virtual int remove(int directory, const std::string& name);

  /// Reads until `to` is full or the file ends: octets read, or the errno, negative.
  [[nodiscard]] std::int64_t read_fully(int fd, std::span<std::byte> to, std::uint64_t offset);
  /// 0 when all is written.
  [[nodiscard]] int write_fully(int fd, std::span<const std::byte> from, std::uint64_t offset);
};

/// `cannot WHAT PATH: No space left on device`, of an errno, negative or not.
[[nodiscard]] base::Error spool_error(const std::string& what, const std::string& path, int error);

}  // namespace lariat::publish
