#include "agent/publish/spool_io.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <system_error>

namespace lariat::publish {
namespace {

template <typename Call>
auto uninterrupted(Call call) -> decltype(call()) {
  for (;;) {
    const auto result = call();
    if (result >= 0) return result;
    if (errno != EINTR) return static_cast<decltype(call())>(-errno);
  }
}

}  // namespace

int SpoolIo::open(int directory, const std::string& name, int flags) {
  return uninterrupted([&] { return ::openat(directory, name.c_str(), flags | O_CLOEXEC, 0640); });
}

int SpoolIo::make_directory(const std::string& path) {
  return uninterrupted([&] { return ::mkdir(path.c_str(), 0750); });
}

int SpoolIo::list(int directory, std::vector<std::string>& names) {
  // Another open file: the place in the list is not shared with who listed before.
  const int fd = ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return -errno;
  DIR* stream = ::fdopendir(fd);
  if (stream == nullptr) {
    const int error = errno;
    ::close(fd);
    return -error;
  }
  errno = 0;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): of a stream of our own.
  while (const dirent* entry = ::readdir(stream)) names.emplace_back(entry->d_name);
  const int error = errno;
  ::closedir(stream);
  return -error;
}

int SpoolIo::status(int fd, struct stat& status) { return ::fstat(fd, &status) < 0 ? -errno : 0; }

int SpoolIo::lock(int fd) {
  return uninterrupted([&] { return ::flock(fd, LOCK_EX | LOCK_NB); });
}

std::int64_t SpoolIo::read(int fd, std::span<std::byte> to, std::uint64_t offset) {
  return uninterrupted(
      [&] { return ::pread(fd, to.data(), to.size(), static_cast<off_t>(offset)); });
}

std::int64_t SpoolIo::write(int fd, std::span<const std::byte> from, std::uint64_t offset) {
  return uninterrupted(
      [&] { return ::pwrite(fd, from.data(), from.size(), static_cast<off_t>(offset)); });
}

int SpoolIo::allocate(int fd, std::uint64_t size) {
  const int result = uninterrupted([&] { return ::fallocate(fd, 0, 0, static_cast<off_t>(size)); });
  return result == -EOPNOTSUPP ? 0 : result;
}

int SpoolIo::truncate(int fd, std::uint64_t size) {
  return uninterrupted([&] { return ::ftruncate(fd, static_cast<off_t>(size)); });
}

int SpoolIo::sync(int fd) {
  return uninterrupted([&] { return ::fdatasync(fd); });
}

void SpoolIo::read_ahead(int fd) {
  [[maybe_unused]] const int advised = ::posix_fadvise(fd, 0, 0, POSIX_FADV_WILLNEED);
}

int SpoolIo::rename(int directory, const std::string& from, const std::string& to) {
  return ::renameat(directory, from.c_str(), directory, to.c_str()) < 0 ? -errno : 0;
}

int SpoolIo::remove(int directory, const std::string& name) {
  return ::unlinkat(directory, name.c_str(), 0) < 0 ? -errno : 0;
}

std::int64_t SpoolIo::read_fully(int fd, std::span<std::byte> to, std::uint64_t offset) {
  std::size_t done = 0;
  while (done < to.size()) {
    const auto got = read(fd, to.subspan(done), offset + done);
    if (got < 0) return got;
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return static_cast<std::int64_t>(done);
}

int SpoolIo::write_fully(int fd, std::span<const std::byte> from, std::uint64_t offset) {
  while (!from.empty()) {
    const auto written = write(fd, from, offset);
    if (written < 0) return static_cast<int>(written);
    if (written == 0) return -EIO;
    from = from.subspan(static_cast<std::size_t>(written));
    offset += static_cast<std::uint64_t>(written);
  }
  return 0;
}

base::Error spool_error(const std::string& what, const std::string& path, int error) {
  return {"cannot " + what + " " + path + ": " + std::generic_category().message(std::abs(error))};
}

}  // namespace lariat::publish
