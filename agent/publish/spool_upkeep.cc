// What a spool does beside writing: sync, files made ready, cursors, and coming back from trouble.

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <utility>

#include "agent/publish/spool.h"

namespace lariat::publish {
namespace {

constexpr std::chrono::milliseconds kSaveEvery{1000};
constexpr std::chrono::milliseconds kTryAgain{1000};
constexpr std::chrono::milliseconds kFirstRetry{1000};
constexpr std::chrono::milliseconds kLastRetry{60'000};

// Of descriptors or memory: it passes, and says nothing of the disk.
bool is_shortage(int result) noexcept {
  return result == -EMFILE || result == -ENFILE || result == -ENOMEM;
}

}  // namespace

// What the disk's thread found when it tried whether files can be written again.
struct Spool::Prepared {
  std::shared_ptr<SpoolDirectory> directory;  // Null: `error` says why.
  std::shared_ptr<const base::UniqueFd> spare;
  std::optional<std::set<std::string>> names;  // Of segments, in a directory that is not the old.
  base::Error error;
};

void Spool::post_spare() {
  if (spares() != 0 || spare_posted_) return;
  spare_posted_ = true;
  thread_->post([io = io_, directory = directory_, bytes = full_file(), this, era = era_] {
    auto spare = directory->make_spare(bytes, false);
    // Without it the next file is made when it is needed, and then says what is wrong.
    return [this, era, file = std::move(spare.file)] {
      spare_posted_ = false;
      if (era == era_ && file) spares_.push_back({.file = file, .name = std::string(kSpareName)});
    };
  });
}

void Spool::post_recycle(const std::string& name, std::size_t number) {
  ++recycling_;
  const auto head = spool_header_size(options_.segment_bytes);
  thread_->post([io = io_, directory = directory_, name, number, head, bytes = full_file(), this,
                 era = era_] {
    auto spare = directory->recycle(name, recycled_name(number), head, bytes);
    return [this, directory, era, number, file = std::move(spare.file)] {
      recycled(directory, era, {.file = file, .name = recycled_name(number), .number = number});
    };
  });
}

void Spool::recycled(const std::shared_ptr<SpoolDirectory>& directory, std::uint64_t era,
                     SpareFile spare) {
  --recycling_;
  if (spare.file && era == era_ && !degraded_) {
    spares_.push_back(std::move(spare));
    return;
  }
  names_used_.at(spare.number) = false;
  if (spare.file) post_remove(directory, spare.name);
}

void Spool::post_remove(std::shared_ptr<SpoolDirectory> directory, std::string name) {
  thread_->post([io = io_, directory = std::move(directory), name = std::move(name)] {
    // It may be gone already; and one that stays is found again at the next start.
    [[maybe_unused]] const int error = io->remove(directory->fd(), name);
    return SpoolDiskThread::Done();
  });
}

// The last of them.
void Spool::remove_spare() {
  const auto spare = std::move(spares_.back());
  spares_.pop_back();
  if (spare.number < kMaxRecycled) names_used_.at(spare.number) = false;
  post_remove(directory_, spare.name);
}

void Spool::want_sync() {
  dirty_ = true;
  if (syncing_ || sync_due_.active()) return;
  if (options_.sync.count() == 0) {
    post_sync();
  } else {
    sync_due_.start(options_.sync);
  }
}

void Spool::post_sync() {
  if (syncing_ || !dirty_ || !directory_) return;
  syncing_ = true;
  dirty_ = false;
  Syncing what{.sealed = std::exchange(sealed_, {}), .new_name = std::exchange(new_name_, false)};
  if (segment_) {
    segment_->sync_begins();
    what.open = segment_->file();
  }
  thread_->post([io = io_, directory = directory_, what = std::move(what), this, era = era_] {
    int result = what.open ? io->sync(what.open->get()) : 0;
    const bool open_synced = result == 0;
    if (result == 0) result = sync_sealed(*io, *directory, what.sealed);
    if (result == 0 && what.new_name) result = io->sync(directory->fd());
    return [this, era, open_synced, result, what] { synced(what, open_synced, result, era); };
  });
}

// Cuts each to its size first. Those that are gone are not needed any more. Up to where it fails.
int Spool::sync_sealed(SpoolIo& io, const SpoolDirectory& directory,
                       const std::vector<Sealed>& files) {
  for (const auto& [base, size] : files) {
    const int fd = io.open(directory.fd(), spool_name(base), O_RDWR | O_NOFOLLOW);
    if (fd == -ENOENT) continue;
    if (fd < 0) return fd;
    const base::UniqueFd file(fd);
    int result = io.truncate(fd, size);
    if (result == 0) result = io.sync(fd);
    if (result < 0) return result;
  }
  return 0;
}

void Spool::synced(const Syncing& what, bool open_synced, int result, std::uint64_t era) {
  syncing_ = false;
  if (segment_ && segment_->file() == what.open) segment_->sync_ended(open_synced);
  if (result == 0) {
    for (const auto& [base, size] : what.sealed) catalog_.set_file_bytes(base, size);
    if (dirty_) want_sync();
    return;
  }
  // It is tried again: for want of descriptors or memory soon, else when the disk takes files.
  sealed_.insert(sealed_.begin(), what.sealed.begin(), what.sealed.end());
  std::erase_if(sealed_, [this](const Sealed& file) { return !catalog_.file_from(file.base); });
  new_name_ = new_name_ || what.new_name;
  dirty_ = true;
  if (!is_shortage(result) && era == era_) {
    degrade(spool_error("sync the spool", options_.directory, result));
  } else if (!degraded_ && !sync_due_.active()) {
    sync_due_.start(kTryAgain);
  }
}

void Spool::save_cursors(SpoolCursors cursors, base::WallTime now, std::uint64_t needed_from) {
  cursors.log_end = end_;
  cursors.saved = now;
  unsaved_ = {std::move(cursors), needed_from};
  if (saving_ || save_due_.active()) return;
  const auto since = base::monotonic_now() - saved_at_;
  if (since >= kSaveEvery) {
    post_cursors();
  } else {
    save_due_.start(kSaveEvery - since);
  }
}

void Spool::post_cursors() {
  if (saving_ || degraded_ || !unsaved_) return;
  saving_ = true;
  saved_at_ = base::monotonic_now();
  const auto saved = std::make_shared<const Unsaved>(*std::exchange(unsaved_, std::nullopt));
  thread_->post([io = io_, directory = directory_, saved, this, era = era_] {
    const int result = directory->write_cursors(saved->cursors);
    return [this, saved, era, result] { cursors_saved(*saved, result, era); };
  });
}

void Spool::cursors_saved(const Unsaved& saved, int result, std::uint64_t era) {
  saving_ = false;
  if (result == 0) {
    release(saved.needed_from);
  } else {
    if (!unsaved_) unsaved_ = saved;
    if (!is_shortage(result) && era == era_) {
      degrade(spool_error("write the cursors in", options_.directory, result));
    }
  }
  if (unsaved_ && !save_due_.active()) save_due_.start(kSaveEvery);
}

void Spool::degrade(base::Error error) {
  if (degraded_) return;
  degraded_ = std::move(error);
  ++era_;
  if (segment_ && segment_->end() == segment_->header().base) {
    const auto base = segment_->header().base.position;
    catalog_.remove(base);
    post_remove(directory_, spool_name(base));
  } else if (segment_) {
    sealed_.push_back({segment_->header().base.position, segment_->file_size()});
  }
  segment_.reset();
  while (!spares_.empty()) remove_spare();
  dirty_ = false;
  sync_due_.stop();
  // Trouble that comes back at once is not tried every second.
  if (base::monotonic_now() - back_at_ > kLastRetry) back_off_ = kFirstRetry;
  retry_due_.start(back_off_);
  if (events_.on_state) events_.on_state(degraded_);
}

void Spool::post_retry() {
  back_off_ = std::min(back_off_ * 2, kLastRetry);
  const auto bytes = full_file();
  thread_->post([io = io_, directory = directory_, path = options_.directory, bytes, this] {
    return [this, prepared = prepare(*io, directory, path, bytes)] { come_back(prepared); };
  });
}

// Tries whether files can be written, in a directory that is had anew if need be.
Spool::Prepared Spool::prepare(SpoolIo& io, const std::shared_ptr<SpoolDirectory>& directory,
                               const std::string& path, std::uint64_t bytes) {
  Prepared prepared{.directory = directory};
  if (!directory || !directory->still_there()) {
    auto opened = SpoolDirectory::open(io, path, SpoolDirectory::Access::kOwn);
    prepared.directory = std::move(opened.directory);
    prepared.error = std::move(opened.error);
    if (!prepared.directory) return prepared;
    const auto listing = prepared.directory->list();
    if (!listing) return {.error = listing.error()};
    prepared.names.emplace();
    for (const auto& one : listing->segments) prepared.names->insert(one.name);
  }
  const auto spare = prepared.directory->make_spare(bytes, true);
  prepared.spare = spare.file;
  if (!spare.file) prepared.error = spool_error("write to the spool", path, spare.error);
  return prepared;
}

void Spool::come_back(const Prepared& prepared) {
  const auto stay = [&](base::Error why) {
    degraded_ = std::move(why);
    retry_due_.start(back_off_);
  };
  if (!prepared.directory || !prepared.spare) return stay(prepared.error);
  if (prepared.names) {
    for (const auto& name : *prepared.names) {
      if (catalog_.file_from(spool_position(name).value_or(0)) != nullptr) continue;
      return stay({"the spool " + options_.directory +
                   " holds the log of an earlier run: restart the agent to take it up"});
    }
    std::vector<std::uint64_t> gone;
    for (const auto& file : catalog_.files()) {
      const auto base = file.range.from.position;
      if (!prepared.names->contains(spool_name(base))) gone.push_back(base);
    }
    for (const auto base : gone) catalog_.remove(base);
  }
  directory_ = prepared.directory;
  spares_.push_back({.file = prepared.spare, .name = std::string(kSpareName)});
  degraded_.reset();
  back_at_ = base::monotonic_now();
  if (events_.on_state) events_.on_state(degraded_);
  if (unsaved_ && !save_due_.active()) post_cursors();
  if (!sealed_.empty()) want_sync();
}

}  // namespace lariat::publish
