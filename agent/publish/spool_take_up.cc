// What a spool finds when it is opened, and what its checks find later.

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "agent/publish/spool.h"

namespace lariat::publish {
namespace {

// Files set aside: enough to look into what happened, not enough to matter.
constexpr std::size_t kMostBadFiles = 8;
constexpr std::uint64_t kBadShare = 8;  // One part in so many of the budget.

}  // namespace

base::Result<std::unique_ptr<Spool>> Spool::open(SpoolOptions options, SpoolEvents events,
                                                 loop::Loop& loop, std::shared_ptr<SpoolIo> io) {
  auto thread = SpoolDiskThread::start(loop);
  if (!thread) return thread.error();
  // NOLINTNEXTLINE(modernize-make-unique): its constructor is private.
  std::unique_ptr<Spool> spool(
      new Spool(std::move(options), std::move(events), loop, std::move(io)));
  spool->thread_ = std::move(*thread);
  auto opened =
      SpoolDirectory::open(*spool->io_, spool->options_.directory, SpoolDirectory::Access::kOwn);
  if (opened.locked) return opened.error;
  spool->directory_ = std::move(opened.directory);
  if (!spool->directory_) {
    spool->degrade(std::move(opened.error));
  } else if (auto error = spool->take_up()) {
    spool->directory_ = nullptr;
    spool->degrade(std::move(*error));
  }
  return spool;
}

std::optional<base::Error> Spool::take_up() {
  const auto listing = directory_->list();
  if (!listing) return listing.error();
  for (const auto& bad : listing->bad) bad_bytes_ += bad.bytes;
  take_up_cursors();
  for (const auto& listed : listing->segments) {
    take_up_file(listed, &listed == &listing->segments.back());
  }
  catalog_.set_damaged_before(end_.position);
  post_cleaning();
  post_spare();
  post_check();
  return {};
}

// Files that an earlier run had to spare.
void Spool::post_cleaning() {
  thread_->post([io = io_, directory = directory_] {
    for (std::size_t number = 0; number < kMaxRecycled; ++number) {
      [[maybe_unused]] const int removed = io->remove(directory->fd(), recycled_name(number));
    }
    return SpoolDiskThread::Done();
  });
}

void Spool::check_now(std::uint64_t base) {
  const auto file = open_at(base);
  if (!file.index) return;
  note_findings(base, check_spool_file(*io_, file.fd.get(), *file.index));
}

void Spool::take_up_file(const SpoolListed& listed, bool last) {
  using State = SpoolListed::State;
  const auto base = listed.range.from;
  switch (listed.state) {
    case State::kGood:
      catalog_.add({.range = listed.range,
                    .extents = {listed.range},
                    .file_bytes = listed.file_bytes,
                    .first_time = listed.first_time,
                    .last_time = listed.last_time});
      if (last) {
        check_now(base.position);
      } else {
        to_check_.push_back(base.position);
      }
      break;
    case State::kEmpty:
      post_remove(directory_, listed.name);
      break;
    case State::kBad:
      tell_damage({listed.name, listed.range, listed.range.frames(), true});
      set_aside(listed.name, listed.file_bytes);
      break;
    case State::kUnreadable:
      // A link or a folder of that name is not ours.
      if (listed.error == -ELOOP || listed.error == -EINVAL) return;
      tell_damage({listed.name, listed.range, listed.range.frames(), false});
      break;
  }
  // Its frames may have been sent: their positions are not used again, nor their numbers if known.
  const auto* stored = catalog_.file_from(base.position);
  auto to = stored != nullptr ? stored->range.to : listed.range.to;
  if (stored == nullptr) {
    const auto position = spool_position(listed.name).value_or(0);
    to.position = std::max(to.position, position + listed.file_bytes);
  }
  end_ = {std::max(end_.position, to.position), std::max(end_.sequence, to.sequence)};
}

void Spool::take_up_cursors() {
  using State = SpoolCursorFile::State;
  auto file = directory_->read_cursors();
  cursors_lost_ = file.state == State::kBad || file.state == State::kUnreadable;
  if (file.state == State::kBad) set_aside(std::string(kCursorsName), 0);
  if (file.state != State::kGood) return;
  found_cursors_ = std::move(file.cursors);
  // After a power loss cursors may be ahead of the frames.
  const auto& ended = found_cursors_.log_end;
  end_ = {std::max(end_.position, ended.position), std::max(end_.sequence, ended.sequence)};
}

void Spool::set_aside(const std::string& name, std::uint64_t bytes) {
  bad_bytes_ += bytes;
  thread_->post([io = io_, directory = directory_, name, most = options_.max_bytes / kBadShare] {
    [[maybe_unused]] const int error = directory->set_aside(name);
    directory->trim_bad(kMostBadFiles, most);
    return SpoolDiskThread::Done();
  });
  bad_bytes_ = std::min(bad_bytes_, options_.max_bytes / kBadShare);
}

// The same damage is told once, however often the file is read.
void Spool::note_findings(std::uint64_t base, const SpoolFindings& findings) {
  const auto* stored = catalog_.file_from(base);
  if (stored == nullptr) return;
  const bool open = segment_ && segment_->header().base.position == base;
  const bool news = findings.damaged && !(stored->checked && stored->extents == findings.extents);
  const auto claimed = stored->range;
  const auto file_bytes = stored->file_bytes;
  if (!findings.damaged) {
    catalog_.set_findings(base, findings.end, findings.extents);
    return;
  }
  // What is written next goes into a new file.
  if (open) close_segment();
  const auto end = std::max(findings.end.position, claimed.to.position) == claimed.to.position
                       ? claimed.to
                       : findings.end;
  catalog_.set_findings(base, end, findings.extents);
  catalog_.set_damaged_before(std::max(catalog_.damaged_before(), claimed.to.position));
  if (!news) return;
  const bool aside = findings.extents.empty();
  std::uint64_t intact = 0;
  for (const auto& extent : findings.extents) intact += extent.frames();
  const auto frames = claimed.frames();
  tell_damage({spool_name(base), claimed, frames - std::min(frames, intact), aside});
  if (!aside) return;
  catalog_.remove(base);
  set_aside(spool_name(base), file_bytes);
}

void Spool::tell_damage(const SpoolDamage& damage) {
  ++damaged_;
  if (events_.on_damage) events_.on_damage(damage);
}

// One file after the other, so that a sync does not wait for all of them.
void Spool::post_check() {
  while (!checking_ && !to_check_.empty()) {
    const auto base = to_check_.front();
    to_check_.pop_front();
    const auto* stored = catalog_.file_from(base);
    if (stored == nullptr || stored->checked) continue;
    post_check_of(stored->range);
  }
}

void Spool::post_check_of(const SpoolExtent& range) {
  checking_ = true;
  thread_->post([io = io_, directory = directory_, range, this] {
    const auto findings = check_file(*io, *directory, range);
    return [this, findings, base = range.from.position] {
      checking_ = false;
      if (findings) note_findings(base, *findings);
      post_check();
    };
  });
}

// Nothing for want of descriptors or memory: a reader checks it in any case.
std::optional<SpoolFindings> Spool::check_file(SpoolIo& io, const SpoolDirectory& directory,
                                               const SpoolExtent& range) {
  SpoolFindings none{.begin = range.from, .end = range.to, .lost = range.frames(), .damaged = true};
  const auto name = spool_name(range.from.position);
  const int fd = io.open(directory.fd(), name, O_RDONLY | O_NOFOLLOW);
  if (fd == -EMFILE || fd == -ENFILE || fd == -ENOMEM) return std::nullopt;
  if (fd < 0) return none;
  const base::UniqueFd file(fd);
  const auto head = read_spool_head(io, fd);
  if (!head.index || head.index->header().base != range.from) return none;
  return check_spool_file(io, fd, *head.index);
}

}  // namespace lariat::publish
