#include "agent/publish/spool_segment.h"

#define XXH_STATIC_LINKING_ONLY  // The state, as a member.
#include <xxhash.h>

#include <algorithm>
#include <cassert>
#include <utility>

#include "proto/message.h"

namespace lariat::publish {
namespace {

// Alone: of a file that cannot be read in one piece, a sector costs its block only.
std::span<std::byte> read_block(SpoolIo& io, int fd, const SpoolIndex& index, std::size_t block,
                                std::span<std::byte> room) {
  const auto got = io.read_fully(fd, room, index.head_size() + block * kSpoolBlockSize);
  return room.first(static_cast<std::size_t>(std::max<std::int64_t>(got, 0)));
}

}  // namespace

/// Of the block that is being filled.
struct SpoolSegment::Hash {
  XXH3_state_t state;
};

SpoolSegment::SpoolSegment(SpoolIo& io, std::shared_ptr<const base::UniqueFd> file,
                           const SpoolHeader& header)
    : io_(io),
      file_(std::move(file)),
      header_(header),
      sequence_(header.base.sequence),
      hash_(std::make_unique<Hash>()) {
  XXH3_64bits_reset(&hash_->state);
  entry_.sequence = sequence_;
  entry_.last_time = header.created;
}

SpoolSegment::~SpoolSegment() = default;

int SpoolSegment::begin() { return io_.write_fully(file_->get(), encode_header(header_), 0); }

int SpoolSegment::append(std::span<const std::byte> frames, base::WallTime now) {
  assert(has_room(frames.size()) && !frames.empty());
  const int written =
      io_.write_fully(file_->get(), frames, spool_header_size(header_.capacity) + size_);
  if (written < 0) return written;

  full_.clear();
  // A clock that was set back does not make younger frames older than their elders.
  add(frames, std::max(now, entry_.last_time));
  if (!full_.empty()) {
    const int table = write_table(full_);
    if (table < 0) return table;
  }
  return entry_.committed > 0 ? write_tail() : 0;
}

// Takes new octets into the account, and leaves the entries of blocks that are now full in `full_`.
void SpoolSegment::add(std::span<const std::byte> part, base::WallTime now) {
  std::size_t frame = 0;  // Offset of the next frame in the part that was given.
  std::size_t at = 0;
  while (at < part.size()) {
    const auto piece = std::min(kSpoolBlockSize - entry_.committed, part.size() - at);
    if (entry_.committed == 0) entry_.first_time = now;
    frame = add_frames(part, frame, at, piece);
    XXH3_64bits_update(&hash_->state, part.data() + at, piece);
    entry_.committed += static_cast<std::uint32_t>(piece);
    entry_.last_time = now;
    at += piece;
    size_ += piece;
    if (!entry_.full()) break;
    entry_.hash = XXH3_64bits_digest(&hash_->state);
    full_.push_back(entry_);
    XXH3_64bits_reset(&hash_->state);
    entry_ = {.block = entry_.block + 1, .sequence = sequence_, .last_time = now};
  }
  entry_.hash = XXH3_64bits_digest(&hash_->state);
}

// Counts those that begin in [at, at + piece) of `part`, the first at `frame`: where the next
// begins.
std::size_t SpoolSegment::add_frames(std::span<const std::byte> part, std::size_t frame,
                                     std::size_t at, std::size_t piece) {
  if (frame >= at + piece) return frame;
  if (entry_.frames == 0) {
    entry_.first_frame = static_cast<std::uint32_t>(entry_.committed + (frame - at));
  }
  // Not counted in the member: octets may be any object, so that it would be stored each time.
  std::uint32_t frames = 0;
  for (; frame < at + piece; ++frames) {
    const auto size = proto::message_size(part.subspan(frame));
    assert(size > 0);
    frame += size;
  }
  entry_.frames += frames;
  sequence_ += frames;
  return frame;
}

int SpoolSegment::write_table(std::span<const SpoolEntry> full) {
  scratch_.clear();
  for (const auto& entry : full) encode_entry(header_, entry, scratch_);
  return io_.write_fully(file_->get(), scratch_,
                         kSpoolTableOffset + full.front().block * kSpoolEntrySize);
}

int SpoolSegment::write_tail() {
  scratch_.clear();
  encode_entry(header_, entry_, scratch_);
  last_slot_ = free_slot();
  return io_.write_fully(file_->get(), scratch_, kSpoolFixedSize + last_slot_ * kSpoolEntrySize);
}

// Of three slots at most two are kept for a power loss. Of two that are free it is not the last
// one, so that a torn write of it leaves another.
std::size_t SpoolSegment::free_slot() const noexcept {
  std::size_t best = kNone;
  for (std::size_t slot = 0; slot < kSpoolTailSlots; ++slot) {
    if (slot == syncing_slot_ || slot == synced_slot_) continue;
    if (best == kNone || best == last_slot_) best = slot;
  }
  assert(best != kNone);
  return best;
}

int SpoolSegment::seal() { return entry_.committed > 0 ? write_table({&entry_, 1}) : 0; }

void SpoolSegment::sync_begins() noexcept { syncing_slot_ = last_slot_; }

void SpoolSegment::sync_ended(bool good) noexcept {
  if (good) synced_slot_ = syncing_slot_;
  syncing_slot_ = kNone;
}

SpoolHead read_spool_head(SpoolIo& io, int fd) {
  std::vector<std::byte> head(spool_header_size(1));
  auto got = io.read_fully(fd, head, 0);
  if (got < 0) return {.error = static_cast<int>(got)};
  head.resize(static_cast<std::size_t>(got));
  const auto header = decode_header(head);
  if (!header) return {};
  const auto size = spool_header_size(header->capacity);
  if (size > head.size()) {
    const auto first = head.size();
    head.resize(size);
    got = io.read_fully(fd, std::span(head).subspan(first), first);
    if (got < 0) return {.error = static_cast<int>(got)};
    head.resize(first + static_cast<std::size_t>(got));
  }
  return {.index = SpoolIndex::decode(head)};
}

SpoolFindings check_spool_file(SpoolIo& io, int fd, const SpoolIndex& index) {
  constexpr std::size_t kBlocksAtOnce = 16;
  std::vector<std::byte> room(kBlocksAtOnce * kSpoolBlockSize);
  SpoolCheck check(index);
  for (std::size_t block = 0; block < index.blocks(); block += kBlocksAtOnce) {
    const auto got = io.read_fully(fd, room, index.head_size() + block * kSpoolBlockSize);
    const auto have = got < 0 ? room.size() : static_cast<std::size_t>(got);
    for (std::size_t n = 0; n < kBlocksAtOnce && block + n < index.blocks(); ++n) {
      const auto begin = std::min(n * kSpoolBlockSize, have);
      auto octets = std::span(room).subspan(begin, std::min(kSpoolBlockSize, have - begin));
      if (got < 0) octets = read_block(io, fd, index, block + n, octets);
      check.block(octets);
    }
  }
  return check.finish();
}

SpoolFindings load_spool_file(SpoolIo& io, int fd, const SpoolIndex& index,
                              std::span<std::byte> slab) {
  slab = slab.first(std::min<std::size_t>(slab.size(), index.blocks() * kSpoolBlockSize));
  const auto got = io.read_fully(fd, slab, index.head_size());
  const auto have = got < 0 ? slab.size() : static_cast<std::size_t>(got);
  SpoolCheck check(index);
  for (std::size_t block = 0; block < index.blocks(); ++block) {
    const auto begin = std::min(block * kSpoolBlockSize, have);
    auto octets = slab.subspan(begin, std::min(kSpoolBlockSize, have - begin));
    if (got < 0) octets = read_block(io, fd, index, block, octets);
    check.block(octets);
  }
  return check.finish();
}

std::optional<SpoolPlace> find_spool_frame(SpoolIo& io, int fd, const SpoolIndex& index,
                                           std::uint64_t position) {
  const auto marks = index.marks();
  const auto after = std::upper_bound(
      marks.begin(), marks.end(), position,
      [](std::uint64_t value, const SpoolMark& mark) { return value < mark.place.position; });
  if (after == marks.begin()) return {};
  const auto start = (after - 1)->place;
  const auto base = index.header().base.position;
  FrameWalk walk(start);
  std::vector<std::byte> room(kSpoolBlockSize);
  auto at = start.position;
  while (at < position) {
    const auto block = static_cast<std::size_t>((at - base) / kSpoolBlockSize);
    const auto begin = base + block * kSpoolBlockSize;
    const auto octets = read_block(io, fd, index, block, room);
    const auto entries = index.entries(block);
    const auto entry = std::find_if(entries.begin(), entries.end(),
                                    [&](const SpoolEntry& one) { return vouches(one, octets); });
    const auto until = std::min(position, begin + kSpoolBlockSize);
    if (entry == entries.end() || begin + entry->committed < until) return {};
    walk.feed(
        octets.subspan(static_cast<std::size_t>(at - begin), static_cast<std::size_t>(until - at)));
    at = until;
  }
  return walk.whole();
}

}  // namespace lariat::publish
