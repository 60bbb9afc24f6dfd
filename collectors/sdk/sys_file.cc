#include "collectors/sdk/sys_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace lariat::sdk {
namespace {

bool is_space(char c) noexcept { return is_blank(c) || c == '\n' || c == '\r' || c == '\0'; }

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::string cannot_read(const std::string& path, int number) {
  return "cannot read " + path + ": " + std::generic_category().message(number);
}

int open_to_read(const std::string& path, int flags) noexcept {
  return ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | flags);
}

}  // namespace

SysFile::SysFile(SysFile&& other) noexcept
    : path_(std::move(other.path_)),
      descriptors_(other.descriptors_),
      descriptor_(std::exchange(other.descriptor_, -1)),
      errno_(other.errno_) {}

SysFile& SysFile::operator=(SysFile&& other) noexcept {
  if (this == &other) return *this;
  close_it();
  path_ = std::move(other.path_);
  descriptors_ = other.descriptors_;
  descriptor_ = std::exchange(other.descriptor_, -1);
  errno_ = other.errno_;
  return *this;
}

std::optional<std::string_view> SysFile::read(Room room) noexcept {
  std::size_t size = 0;
  if (descriptor_ >= 0) {
    if (read_some(descriptor_, room, size)) return trimmed({room.data(), size});
    // What it was opened on may have gone and come again.
    close_it();
  }
  const int descriptor = open_to_read(path_, O_NONBLOCK);
  if (descriptor < 0) {
    errno_ = errno;
    return std::nullopt;
  }
  const bool good = read_some(descriptor, room, size);
  if (good && descriptors_->take()) {
    descriptor_ = descriptor;
  } else {
    ::close(descriptor);
  }
  if (!good) return std::nullopt;
  return trimmed({room.data(), size});
}

bool SysFile::is_absent() const noexcept { return errno_ == ENOENT || errno_ == ENOTDIR; }

bool SysFile::is_unsupported() const noexcept { return errno_ == EOPNOTSUPP; }

bool SysFile::is_forbidden() const noexcept { return errno_ == EACCES || errno_ == EPERM; }

std::string SysFile::error() const {
  return errno_ == 0 ? path_ + " does not hold one number" : cannot_read(path_, errno_);
}

bool SysFile::read_some(int descriptor, Room room, std::size_t& size) noexcept {
  ssize_t got = 0;
  do {
    got = ::pread(descriptor, room.data(), room.size(), 0);
  } while (got < 0 && errno == EINTR);
  errno_ = got < 0 ? errno : 0;
  size = got < 0 ? 0 : static_cast<std::size_t>(got);
  return got >= 0;
}

void SysFile::close_it() noexcept {
  if (descriptor_ < 0) return;
  ::close(std::exchange(descriptor_, -1));
  descriptors_->give_back();
}

Folder& Folder::operator=(Folder&& other) noexcept {
  if (this == &other) return *this;
  close_it();
  path_ = std::move(other.path_);
  descriptor_ = std::exchange(other.descriptor_, -1);
  return *this;
}

bool Folder::list(Taker take) {
  const bool was_open = descriptor_ >= 0;
  bool any = false;
  bool good = open_it() && list_open(take, any);
  // It may have gone and come again.
  if (!good && was_open && !any) {
    close_it();
    good = open_it() && list_open(take, any);
  }
  if (!good) close_it();
  return good;
}

void Folder::point_to(std::string_view path) {
  close_it();
  path_ = path;
}

bool Folder::is_absent() const noexcept { return errno_ == ENOENT || errno_ == ENOTDIR; }

std::string Folder::error() const { return cannot_read(path_, errno_); }

bool Folder::open_it() noexcept {
  if (descriptor_ >= 0) return ::lseek(descriptor_, 0, SEEK_SET) == 0;
  descriptor_ = open_to_read(path_, O_DIRECTORY);
  errno_ = errno;
  return descriptor_ >= 0;
}

bool Folder::list_open(Taker take, bool& any) {
  alignas(dirent64) std::array<char, 8192> room;
  while (true) {
    const ssize_t got = ::getdents64(descriptor_, room.data(), room.size());
    if (got < 0) {
      errno_ = errno;
      return false;
    }
    if (got == 0) return true;
    for (std::size_t at = 0; at < static_cast<std::size_t>(got);) {
      const auto* const entry = reinterpret_cast<const dirent64*>(room.data() + at);
      at += entry->d_reclen;
      if (entry->d_name[0] == '.') continue;
      any = true;
      take(entry->d_name);
    }
  }
}

void Folder::close_it() noexcept {
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

}  // namespace lariat::sdk
