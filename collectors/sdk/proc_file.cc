#include "collectors/sdk/proc_file.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace lariat::sdk {
namespace {

constexpr std::size_t kFirstBuffer = 4096;
// The kernel's least page, and the longest of short records.
constexpr std::size_t kPage = 4096;
constexpr std::size_t kShort = 256;

}  // namespace

ProcFile::ProcFile(ProcFile&& other) noexcept
    : path_(std::move(other.path_)),
      shape_(other.shape_),
      descriptor_(std::exchange(other.descriptor_, -1)),
      errno_(other.errno_),
      buffer_(std::move(other.buffer_)),
      size_(std::exchange(other.size_, 0)) {}

ProcFile& ProcFile::operator=(ProcFile&& other) noexcept {
  if (this == &other) return *this;
  close_it();
  path_ = std::move(other.path_);
  shape_ = other.shape_;
  descriptor_ = std::exchange(other.descriptor_, -1);
  errno_ = other.errno_;
  buffer_ = std::move(other.buffer_);
  size_ = std::exchange(other.size_, 0);
  return *this;
}

ProcFile::~ProcFile() { close_it(); }

bool ProcFile::may_have_changed() noexcept {
  if (descriptor_ < 0) return true;
  pollfd entry{.fd = descriptor_, .events = POLLPRI | POLLOUT, .revents = 0};
  // Files that know nothing of poll can always be written, whoever may write them.
  return ::poll(&entry, 1, 0) < 0 || entry.revents != 0;
}

std::optional<std::string_view> ProcFile::read() {
  const bool was_open = descriptor_ >= 0;
  bool good = open_it() && read_again();
  // What it was opened on may have gone (a process, a device) and come again.
  if (!good && was_open) {
    close_it();
    good = open_it() && read_again();
  }
  if (!good) {
    close_it();
    return std::nullopt;
  }
  return std::string_view(buffer_.data(), size_);
}

bool ProcFile::is_absent() const noexcept { return errno_ == ENOENT || errno_ == ENOTDIR; }

std::string ProcFile::error() const {
  return "cannot read " + path_ + ": " + std::generic_category().message(errno_);
}

bool ProcFile::read_again() {
  if (buffer_.empty()) buffer_.resize(kFirstBuffer);
  size_ = 0;
  while (true) {
    const ssize_t got = ::pread(descriptor_, buffer_.data() + size_, buffer_.size() - size_,
                                static_cast<off_t>(size_));
    if (got < 0) {
      if (errno == EINTR) continue;
      errno_ = errno;
      return false;
    }
    size_ += static_cast<std::size_t>(got);
    if (shape_ == Shape::kShortRecords && static_cast<std::size_t>(got) + kShort <= kPage &&
        size_ < buffer_.size()) {
      return true;
    }
    if (got == 0 || (shape_ == Shape::kWhole && size_ < buffer_.size())) return true;
    if (size_ < buffer_.size()) continue;
    if (buffer_.size() >= kMostOctets) {
      errno_ = EFBIG;
      return false;
    }
    buffer_.resize(buffer_.size() * 2);
    // What comes in one piece is made anew: a second part would be of another moment.
    if (shape_ == Shape::kWhole) size_ = 0;
  }
}

bool ProcFile::open_it() noexcept {
  if (descriptor_ >= 0) return true;
  // A FIFO would make us wait for who writes to it.
  descriptor_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  errno_ = errno;
  if (descriptor_ < 0) return false;
  struct stat seen {};
  if (::fstat(descriptor_, &seen) == 0 && S_ISREG(seen.st_mode)) return true;
  close_it();
  errno_ = EINVAL;
  return false;
}

void ProcFile::close_it() noexcept {
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

std::optional<std::string> read_file(const std::string& path) {
  constexpr std::size_t kMost = 65536;
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (descriptor < 0) return std::nullopt;
  std::string text(kMost, '\0');
  std::size_t size = 0;
  ssize_t got = 0;
  while (size < kMost && (got = ::read(descriptor, text.data() + size, kMost - size)) > 0) {
    size += static_cast<std::size_t>(got);
  }
  ::close(descriptor);
  if (got < 0) return std::nullopt;
  text.resize(size);
  const std::size_t last = text.find_last_not_of(" \t\r\n");
  text.resize(last == text.npos ? 0 : last + 1);
  return text;
}

}  // namespace lariat::sdk
