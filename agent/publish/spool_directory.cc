#include "agent/publish/spool_directory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "agent/publish/spool_segment.h"

namespace lariat::publish {
namespace {

// What the head of a file begins with that is to be used again.
constexpr std::string_view kUnused = "LARIATNO";
// Written to a spare file to see whether the disk takes it.
constexpr std::size_t kProbeBytes = std::size_t{64} << 10U;

bool same_file(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

base::WallTime changed(const struct stat& status) {
  return base::WallTime(std::chrono::seconds(status.st_mtim.tv_sec) +
                        std::chrono::milliseconds(status.st_mtim.tv_nsec / 1'000'000));
}

// The process that holds the lock, as it wrote itself down; for a sentence only.
std::string holder(SpoolIo& io, int lock) {
  std::array<std::byte, 20> bytes{};
  const auto got = io.read_fully(lock, bytes, 0);
  std::string digits;
  for (std::int64_t at = 0; at < got; ++at) {
    const auto octet = std::to_integer<char>(bytes[static_cast<std::size_t>(at)]);
    if (octet < '0' || octet > '9') break;
    digits += octet;
  }
  return digits.empty() ? "another process" : "process " + digits;
}

// A file that was to be used again, and was not yet.
bool is_unused(SpoolIo& io, int fd) {
  std::array<std::byte, kUnused.size()> first{};
  const auto got = io.read_fully(fd, first, 0);
  return got == static_cast<std::int64_t>(first.size()) &&
         std::memcmp(first.data(), kUnused.data(), kUnused.size()) == 0;
}

bool all_zero(SpoolIo& io, int fd, std::uint64_t from, std::uint64_t to) {
  std::vector<std::byte> piece(std::size_t{64} << 10U);
  for (std::uint64_t at = from; at < to;) {
    const auto got = io.read_fully(fd, piece, at);
    if (got < 0) return false;
    if (got == 0) return true;
    const auto octets = std::span(piece).first(static_cast<std::size_t>(got));
    if (!std::all_of(octets.begin(), octets.end(), [](auto o) { return o == std::byte{0}; })) {
      return false;
    }
    at += octets.size();
  }
  return true;
}

bool is_bad_name(std::string_view name) {
  if (!name.ends_with(kBadEnding)) return false;
  name.remove_suffix(kBadEnding.size());
  return name == kCursorsName || spool_position(name).has_value();
}

// An agent that ended while it wrote may leave a frame without its end in a full block: the next
// one goes on where that frame began.
bool cuts(SpoolPlace next, const SpoolListed* last) {
  return last != nullptr && next.sequence + 1 == last->range.to.sequence &&
         next.position < last->range.to.position && next.position > last->range.from.position;
}

// What the neighbours tell of files whose heads do not; and what does not follow the file before
// it cannot be trusted either.
void settle_order(std::vector<SpoolListed>& segments) {
  SpoolPlace end;
  SpoolListed* last = nullptr;
  for (auto& one : segments) {
    if (one.state != SpoolListed::State::kGood && one.state != SpoolListed::State::kEmpty) {
      const auto begin = std::max(one.range.from.position, end.position);
      one.range = {{begin, end.sequence}, {begin, end.sequence}};
      continue;
    }
    if (cuts(one.range.from, last)) last->range.to = end = one.range.from;
    if (one.range.from.position < end.position || one.range.from.sequence < end.sequence) {
      one.state = SpoolListed::State::kBad;
      continue;
    }
    last = &one;
    end = one.range.to;
  }
  // A bad one reaches as far as the next that is good.
  for (std::size_t at = segments.size(); at-- > 1;) {
    auto& one = segments[at - 1];
    if (one.state == SpoolListed::State::kGood || one.state == SpoolListed::State::kEmpty) continue;
    if (segments[at].range.from.sequence >= one.range.from.sequence) {
      one.range.to = segments[at].range.from;
    }
  }
}

}  // namespace

SpoolDirectory::Opened SpoolDirectory::open(SpoolIo& io, const std::string& path, Access access) {
  constexpr int kFlags = O_RDONLY | O_DIRECTORY;
  int fd = io.open(AT_FDCWD, path, kFlags);
  if (fd == -ENOENT && access == Access::kOwn) {
    const int made = io.make_directory(path);
    if (made < 0 && made != -EEXIST) return {.error = spool_error("make the spool", path, made)};
    fd = io.open(AT_FDCWD, path, kFlags);
  }
  if (fd < 0) return {.error = spool_error("open the spool", path, fd)};
  // NOLINTNEXTLINE(modernize-make-shared): its constructor is private.
  std::shared_ptr<SpoolDirectory> directory(new SpoolDirectory(io, path, base::UniqueFd(fd)));
  if (access == Access::kLook) return {.directory = std::move(directory)};
  if (auto error = directory->check_owner()) return {.error = std::move(*error)};
  if (auto failed = directory->take_lock()) return std::move(*failed);
  return {.directory = std::move(directory)};
}

std::optional<base::Error> SpoolDirectory::check_owner() const {
  struct stat status {};
  const int error = io_.status(fd_.get(), status);
  if (error < 0) return spool_error("look at the spool", path_, error);
  if (status.st_uid != ::geteuid()) {
    return base::Error{
        fmt::format("the spool {} belongs to user {}, the agent runs as user {}: chown {} {}",
                    path_, status.st_uid, ::geteuid(), ::geteuid(), path_)};
  }
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return base::Error{
        fmt::format("the spool {} can be written by others: chmod go-w {}", path_, path_)};
  }
  return {};
}

std::optional<SpoolDirectory::Opened> SpoolDirectory::take_lock() {
  const std::string name(kLockName);
  const int fd = io_.open(fd_.get(), name, O_RDWR | O_CREAT | O_NOFOLLOW);
  if (fd < 0) return Opened{.error = spool_error("open", path_ + "/" + name, fd)};
  base::UniqueFd lock(fd);
  const int error = io_.lock(fd);
  if (error == -EWOULDBLOCK) {
    return Opened{.error = {fmt::format("the spool {} is in use by {}: give this agent a "
                                        "directory of its own in log.spool, or stop the other",
                                        path_, holder(io_, fd))},
                  .locked = true};
  }
  if (error < 0) return Opened{.error = spool_error("lock", path_ + "/" + name, error)};
  // Only what a sentence says depends on it: a full disk is no reason not to lock.
  const auto text = fmt::format("{}\n", ::getpid());
  if (io_.truncate(fd, 0) == 0) {
    [[maybe_unused]] const int written =
        io_.write_fully(fd, std::as_bytes(std::span(std::string_view(text))), 0);
  }
  lock_ = std::move(lock);
  return {};
}

bool SpoolDirectory::still_there() const {
  const base::UniqueFd now(std::max(io_.open(AT_FDCWD, path_, O_RDONLY | O_DIRECTORY), -1));
  struct stat held {};
  struct stat found {};
  if (!now || io_.status(now.get(), found) < 0 || io_.status(fd_.get(), held) < 0 ||
      !same_file(held, found)) {
    return false;
  }
  const base::UniqueFd lock(
      std::max(io_.open(fd_.get(), std::string(kLockName), O_RDONLY | O_NOFOLLOW), -1));
  return lock && io_.status(lock.get(), found) == 0 && io_.status(lock_.get(), held) == 0 &&
         same_file(held, found) && !check_owner();
}

SpoolListed SpoolDirectory::look_at(const std::string& name) const {
  using State = SpoolListed::State;
  SpoolListed listed{.name = name};
  const auto position = spool_position(name).value_or(0);
  listed.range = {{position, 0}, {position, 0}};
  const auto unreadable = [&](int error) {
    listed.state = State::kUnreadable;
    listed.error = error;
    return listed;
  };
  const int fd = io_.open(fd_.get(), name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0) return unreadable(fd);
  const base::UniqueFd opened(fd);
  struct stat status {};
  const int error = io_.status(fd, status);
  if (error < 0) return unreadable(error);
  if (!S_ISREG(status.st_mode)) return unreadable(-EINVAL);
  listed.file_bytes = static_cast<std::uint64_t>(status.st_size);
  const auto head = read_spool_head(io_, fd);
  if (head.error < 0) return unreadable(head.error);
  if (!head.index || head.index->header().base.position != position) {
    const bool zero =
        !head.index && (is_unused(io_, fd) || all_zero(io_, fd, 0, listed.file_bytes));
    listed.state = zero ? State::kEmpty : State::kBad;
    return listed;
  }
  listed.range = {head.index->header().base, head.index->end()};
  listed.first_time = head.index->first_time();
  listed.last_time = head.index->last_time();
  if (head.index->blocks() > 0) return listed;
  // Nothing is vouched for. Octets without an entry are kept for who wants to look at them.
  const auto size = head.index->head_size();
  const bool zero = all_zero(io_, fd, size, listed.file_bytes);
  listed.state = zero ? State::kEmpty : State::kBad;
  return listed;
}

base::Result<SpoolListing> SpoolDirectory::list() const {
  std::vector<std::string> names;
  const int error = io_.list(fd_.get(), names);
  if (error < 0) return spool_error("list the spool", path_, error);
  std::sort(names.begin(), names.end());
  SpoolListing listing;
  for (const auto& name : names) {
    if (spool_position(name)) {
      listing.segments.push_back(look_at(name));
    } else if (is_bad_name(name)) {
      const base::UniqueFd file(
          std::max(io_.open(fd_.get(), name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK), -1));
      struct stat status {};
      if (!file || io_.status(file.get(), status) < 0) continue;
      listing.bad.push_back({name, static_cast<std::uint64_t>(status.st_size), changed(status)});
    }
  }
  settle_order(listing.segments);
  std::stable_sort(listing.bad.begin(), listing.bad.end(),
                   [](const auto& a, const auto& b) { return a.changed < b.changed; });
  return listing;
}

SpoolCursorFile SpoolDirectory::read_cursors() const {
  using State = SpoolCursorFile::State;
  const int fd = io_.open(fd_.get(), std::string(kCursorsName), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  if (fd == -ENOENT) return {};
  if (fd < 0) return {.state = State::kUnreadable, .error = fd};
  const base::UniqueFd file(fd);
  struct stat status {};
  const int error = io_.status(fd, status);
  if (error < 0) return {.state = State::kUnreadable, .error = error};
  if (static_cast<std::uint64_t>(status.st_size) > kMaxCursorFile) return {.state = State::kBad};
  std::vector<std::byte> bytes(static_cast<std::size_t>(status.st_size));
  const auto got = io_.read_fully(fd, bytes, 0);
  if (got < 0) return {.state = State::kUnreadable, .error = static_cast<int>(got)};
  bytes.resize(static_cast<std::size_t>(got));
  auto cursors = decode_cursors(bytes);
  if (!cursors) return {.state = State::kBad};
  return {.state = State::kGood, .cursors = std::move(*cursors)};
}

// A temporary file, synced and then renamed: a reader finds the old one or the new one, whole.
int SpoolDirectory::write_cursors(const SpoolCursors& cursors) const {
  const std::string name(kCursorsTemporary);
  const int fd = io_.open(fd_.get(), name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW);
  if (fd < 0) return fd;
  const base::UniqueFd file(fd);
  int error = io_.write_fully(fd, encode_cursors(cursors), 0);
  if (error == 0) error = io_.sync(fd);
  if (error == 0) error = io_.rename(fd_.get(), name, std::string(kCursorsName));
  if (error == 0) error = io_.sync(fd_.get());
  return error;
}

int SpoolDirectory::set_aside(const std::string& name) const {
  return io_.rename(fd_.get(), name, name + std::string(kBadEnding));
}

void SpoolDirectory::trim_bad(std::size_t files, std::uint64_t bytes) const {
  auto listing = list();
  if (!listing) return;
  auto& bad = listing->bad;
  std::uint64_t held = 0;
  for (const auto& one : bad) held += one.bytes;
  std::size_t left = bad.size();
  for (const auto& one : bad) {
    if (left <= files && held <= bytes) return;
    if (io_.remove(fd_.get(), one.name) < 0) continue;
    held -= one.bytes;
    --left;
  }
}

std::string recycled_name(std::size_t number) { return "spare-" + std::to_string(number) + ".tmp"; }

SpoolDirectory::Spare SpoolDirectory::make_spare(std::uint64_t bytes, bool probe) const {
  const std::string name(kSpareName);
  const int fd = io_.open(fd_.get(), name, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW);
  if (fd < 0) return {.error = fd};
  auto file = std::make_shared<const base::UniqueFd>(fd);
  int error = io_.allocate(fd, bytes);
  if (probe && error == 0) {
    const auto octets = static_cast<std::size_t>(std::min<std::uint64_t>(bytes, kProbeBytes));
    error = io_.write_fully(fd, std::vector<std::byte>(octets), 0);
    if (error == 0) error = io_.sync(fd);
  }
  if (error < 0) {
    [[maybe_unused]] const int removed = io_.remove(fd_.get(), name);
    return {.error = error};
  }
  return {.file = std::move(file)};
}

SpoolDirectory::Spare SpoolDirectory::recycle(const std::string& name, const std::string& spare,
                                              std::uint64_t head, std::uint64_t bytes) const {
  const int fd = io_.open(fd_.get(), name, O_RDWR | O_NOFOLLOW);
  if (fd < 0) return {.error = fd};
  auto file = std::make_shared<const base::UniqueFd>(fd);
  // First: under its old name it would be taken for damaged.
  int error = io_.rename(fd_.get(), name, spare);
  if (error < 0) {
    [[maybe_unused]] const int removed = io_.remove(fd_.get(), name);
    return {.error = error};
  }
  std::vector<std::byte> octets(static_cast<std::size_t>(head));
  std::memcpy(octets.data(), kUnused.data(), kUnused.size());
  error = io_.write_fully(fd, octets, 0);
  if (error == 0) error = io_.truncate(fd, bytes);
  if (error == 0) error = io_.allocate(fd, bytes);
  if (error == 0) error = io_.sync(fd);
  if (error == 0) return {.file = std::move(file)};
  [[maybe_unused]] const int removed = io_.remove(fd_.get(), spare);
  return {.error = error};
}

}  // namespace lariat::publish
