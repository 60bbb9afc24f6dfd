#include "agent/publish/spool.h"

#include <fcntl.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <utility>

namespace lariat::publish {
namespace {

constexpr std::chrono::milliseconds kPatience{1000};

}  // namespace

Spool::Spool(SpoolOptions options, SpoolEvents events, loop::Loop& loop,
             std::shared_ptr<SpoolIo> io)
    : options_(std::move(options)),
      events_(std::move(events)),
      io_(std::move(io)),
      sync_due_(loop, [this] { post_sync(); }),
      save_due_(loop, [this] { post_cursors(); }),
      retry_due_(loop, [this] { post_retry(); }) {}

Spool::~Spool() {
  events_ = {};
  // So that the lock is free afterwards, if the disk lets it be.
  if (!thread_) return;
  [[maybe_unused]] const bool ended = thread_->stop(kPatience);
}

SpoolPlace Spool::begin() const noexcept {
  for (const auto& file : catalog_.files()) {
    if (!file.extents.empty()) return file.extents.front().from;
  }
  return end_;
}

void Spool::write(const SpoolExtent& range, std::span<const std::byte> bytes, base::WallTime now) {
  assert(range.from.position >= end_.position && range.bytes() == bytes.size());
  assert(bytes.size() <= options_.segment_bytes);
  end_ = range.to;
  if (segment_ && (segment_->end() != range.from || !segment_->has_room(bytes.size()))) {
    close_segment();
  }
  if (!segment_ && !degraded_) {
    const int error = open_segment(range.from, now);
    if (error < 0) degrade(spool_error("write to the spool", options_.directory, error));
  }
  if (degraded_) {
    frames_not_stored_ += range.frames();
    return;
  }
  const int error = segment_->append(bytes, now);
  if (error < 0) {
    frames_not_stored_ += range.frames();
    degrade(spool_error("write to the spool", options_.directory, error));
    return;
  }
  bytes_written_ += bytes.size();
  catalog_.grow(range, segment_->last_time());
  want_sync();
}

int Spool::open_segment(SpoolPlace base, base::WallTime now) {
  make_room();
  std::shared_ptr<const base::UniqueFd> file;
  const int error = claim_file(spool_name(base.position), file);
  if (error < 0) return error;
  const SpoolHeader header{.base = base, .capacity = options_.segment_bytes, .created = now};
  segment_ = std::make_unique<SpoolSegment>(*io_, std::move(file), header);
  catalog_.add({.range = {base, base},
                .file_bytes = spool_header_size(header.capacity) + header.capacity,
                .first_time = now,
                .last_time = now,
                .checked = true});
  new_name_ = true;
  post_spare();
  return segment_->begin();
}

// The file that the thread made ready, or if it was not quick enough one without blocks.
int Spool::claim_file(const std::string& name, std::shared_ptr<const base::UniqueFd>& file) {
  if (!spares_.empty()) {
    auto spare = std::move(spares_.back());
    spares_.pop_back();
    if (spare.number < kMaxRecycled) names_used_.at(spare.number) = false;
    if (io_->rename(directory_->fd(), spare.name, name) == 0) {
      file = std::move(spare.file);
      return 0;
    }
  }
  const int fd = io_->open(directory_->fd(), name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW);
  if (fd < 0) return fd;
  file = std::make_shared<const base::UniqueFd>(fd);
  return 0;
}

// It is synced with what comes next, if it is needed by then: what all have got goes without having
// been on the disk.
void Spool::close_segment() {
  const auto segment = std::exchange(segment_, nullptr);
  const int error = segment->seal();
  if (error < 0) {
    degrade(spool_error("write to the spool", options_.directory, error));
    return;
  }
  sealed_.push_back({segment->header().base.position, segment->file_size()});
  want_sync();
}

// For one more file, and the one that is made ready for the next.
void Spool::make_room() {
  const auto needed = [this] {
    // What is not ready in time is not waited for.
    const auto files = std::max<std::size_t>(spares() + (spares_.empty() ? 1 : 0), 2);
    return catalog_.bytes() + bad_bytes_ + files * full_file();
  };
  while (!spares_.empty() && spares() > 2 && needed() > options_.max_bytes) remove_spare();
  while (!catalog_.empty() && needed() > options_.max_bytes) {
    const auto oldest = catalog_.files().front().range;
    if (events_.on_evict) events_.on_evict(oldest.to);
    // Read once more just now, it may have been found damaged, and set aside.
    if (!catalog_.empty() && catalog_.files().front().range.from == oldest.from) remove_oldest(2);
  }
}

// With fewer than so many files to spare it becomes one: to give its blocks back and to take others
// costs more than all that is written to it.
void Spool::remove_oldest(std::size_t spares_wanted) {
  const auto base = catalog_.files().front().range.from.position;
  const auto name = spool_name(base);
  catalog_.remove_front();
  std::erase_if(sealed_, [&](const Sealed& file) { return file.base == base; });
  const auto unused = std::find(names_used_.begin(), names_used_.end(), false);
  if (!degraded_ && spares() < spares_wanted && unused != names_used_.end()) {
    *unused = true;
    post_recycle(name, static_cast<std::size_t>(unused - names_used_.begin()));
    return;
  }
  post_remove(directory_, name);
}

void Spool::release(std::uint64_t position) {
  const auto all = catalog_.bytes() + bad_bytes_ + (spares() + 1) * full_file();
  const auto spares_wanted = all <= options_.max_bytes ? kMaxRecycled : 2;
  while (catalog_.size() > (segment_ ? 1 : 0) &&
         catalog_.files().front().range.to.position <= position) {
    remove_oldest(spares_wanted);
  }
}

std::uint64_t Spool::slab_size(std::uint64_t position) const noexcept {
  const auto* file = catalog_.file_at(position);
  // By whole blocks: the last one is vouched for as a whole.
  if (file == nullptr) return 0;
  return (file->range.bytes() + kSpoolBlockSize - 1) / kSpoolBlockSize * kSpoolBlockSize;
}

// A file that is there and cannot be opened for want of means is no damage.
Spool::OpenFile Spool::open_at(std::uint64_t position) {
  const auto* stored = catalog_.file_at(position);
  if (stored == nullptr) return {};
  const auto base = stored->range.from.position;
  const int fd = io_->open(directory_->fd(), spool_name(base), O_RDONLY | O_NOFOLLOW);
  OpenFile file{.base = base, .later = fd == -EMFILE || fd == -ENFILE || fd == -ENOMEM};
  if (file.later) return file;
  if (fd >= 0) {
    file.fd.reset(fd);
    file.index = read_spool_head(*io_, fd).index;
    if (file.index && file.index->header().base != stored->range.from) file.index.reset();
  }
  if (!file.index) {
    const auto range = stored->range;
    note_findings(base,
                  {.begin = range.from, .end = range.to, .lost = range.frames(), .damaged = true});
  }
  return file;
}

SpoolPage Spool::read(std::uint64_t position, std::span<std::byte> slab) {
  const auto file = open_at(position);
  if (file.later) return {.state = SpoolPage::State::kLater};
  if (!file.index) return {};
  note_findings(file.base, load_spool_file(*io_, file.fd.get(), *file.index, slab));

  const auto spot = find(position);
  if (!spot.stored) return {};
  post_read_ahead(spot.extent.to.position);
  SpoolPage page{.state = SpoolPage::State::kRead, .extent = spot.extent};
  page.bytes = slab.subspan(static_cast<std::size_t>(spot.extent.from.position - file.base),
                            static_cast<std::size_t>(spot.extent.bytes()));
  page.marks = file.index->marks();
  std::erase_if(page.marks,
                [&](const SpoolMark& mark) { return !spot.extent.holds(mark.place.position); });
  return page;
}

// The disk's thread asks for the file that comes next, so that the loop will not wait for it.
void Spool::post_read_ahead(std::uint64_t position) {
  const auto* next = catalog_.file_at(position);
  if (next == nullptr || next->range.from.position == ahead_) return;
  ahead_ = next->range.from.position;
  thread_->post([io = io_, directory = directory_, name = spool_name(ahead_)] {
    const int fd = io->open(directory->fd(), name, O_RDONLY | O_NOFOLLOW);
    const base::UniqueFd file(std::max(fd, -1));
    if (file) io->read_ahead(fd);
    return SpoolDiskThread::Done();
  });
}

std::optional<SpoolPlace> Spool::frame_at(std::uint64_t position) {
  const auto spot = find(position);
  if (!spot.stored) return {};
  if (position == spot.extent.from.position) return spot.extent.from;
  const auto file = open_at(position);
  if (!file.index) return {};
  return find_spool_frame(*io_, file.fd.get(), *file.index, position);
}

SpoolPlace Spool::first_after(base::WallTime time) {
  const auto* stored = catalog_.first_after(time);
  if (stored == nullptr) return end_;
  const auto fallback = stored->extents.front().from;
  const auto file = open_at(fallback.position);
  if (!file.index) return fallback;
  for (const auto& mark : file.index->marks()) {
    if (mark.last_time > time && find(mark.place.position).stored) return mark.place;
  }
  return fallback;
}

bool Spool::close(SpoolCursors cursors, base::WallTime now, std::chrono::milliseconds patience) {
  to_check_.clear();
  if (segment_) close_segment();
  // Also behind a sync that is under way.
  syncing_ = false;
  dirty_ = !sealed_.empty();
  post_sync();
  cursors.log_end = end_;
  cursors.saved = now;
  unsaved_ = {std::move(cursors), 0};
  if (directory_) post_last_cursors();
  const bool ended = thread_->stop(patience);
  sync_due_.stop();
  save_due_.stop();
  retry_due_.stop();
  return ended && closed_well_ && !degraded_;
}

void Spool::post_last_cursors() {
  thread_->post([io = io_, directory = directory_, saved = std::move(unsaved_->cursors), this] {
    const int error = directory->write_cursors(saved);
    return [this, error] { closed_well_ = error == 0; };
  });
}

SpoolStats Spool::stats() const noexcept {
  return {.bytes = catalog_.bytes(),
          .segments = catalog_.size(),
          .segments_damaged = damaged_,
          .frames_not_stored = frames_not_stored_,
          .bytes_written = bytes_written_,
          .degraded = degraded()};
}

}  // namespace lariat::publish
