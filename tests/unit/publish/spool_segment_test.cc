#include "agent/publish/spool_segment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <numeric>
#include <random>

#include "proto/message.h"
#include "tests/support/files.h"
#include "tests/unit/publish/spool_fixture.h"

namespace lariat::publish {
namespace {

using test::file_octets;

constexpr SpoolPlace kBase{5'000'000, 70'000};

TEST(SpoolFormatTest, HeadersAndEntriesReadBackAndEveryFlippedBitIsSeen) {
  const SpoolHeader header{kBase, 1U << 20U, seconds_after_start(3)};
  auto bytes = encode_header(header);
  EXPECT_EQ(decode_header(bytes), header);
  const SpoolEntry entry{.block = 7,
                         .committed = 16'000,
                         .first_frame = 12,
                         .frames = 200,
                         .sequence = kBase.sequence + 9'000,
                         .first_time = seconds_after_start(4),
                         .last_time = seconds_after_start(9),
                         .hash = 0x0123'4567'89ab'cdef};
  std::vector<std::byte> entry_bytes;
  encode_entry(header, entry, entry_bytes);
  ASSERT_EQ(entry_bytes.size(), kSpoolEntrySize);
  EXPECT_EQ(decode_entry(header, entry_bytes), entry);
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    bytes[bit / 8] ^= std::byte{1} << (bit % 8);
    EXPECT_EQ(decode_header(bytes), std::nullopt) << bit;
    bytes[bit / 8] ^= std::byte{1} << (bit % 8);
  }
  for (std::size_t bit = 0; bit < 8 * entry_bytes.size(); ++bit) {
    entry_bytes[bit / 8] ^= std::byte{1} << (bit % 8);
    EXPECT_EQ(decode_entry(header, entry_bytes), std::nullopt) << bit;
    entry_bytes[bit / 8] ^= std::byte{1} << (bit % 8);
  }
  auto other = header;
  other.base.position += 1;
  EXPECT_EQ(decode_entry(other, entry_bytes), std::nullopt) << "an entry of another file";
}

TEST(SpoolFormatTest, HeaderGrowsWithTheBlocksAndNamesSortAsPositions) {
  EXPECT_EQ(spool_header_size(4096), 4096U);
  EXPECT_EQ(spool_header_size(1U << 20U), 4096U);
  EXPECT_EQ(spool_header_size(1U << 30U), (192U + 65'536U * 40U + 4095U) / 4096U * 4096U);
  EXPECT_EQ(spool_name(0xa40000), "0000000000a40000.seg");
  EXPECT_EQ(spool_position("0000000000a40000.seg"), 0xa40000U);
  for (const auto* name : {"0000000000A40000.seg", "a40000.seg", "0000000000a40000.seg.bad",
                           "0000000000a4000g.seg", "-000000000a40000.seg", ""}) {
    EXPECT_EQ(spool_position(name), std::nullopt) << name;
  }
}

TEST(FrameWalkTest, FindsTheSameEndsHoweverTheBytesAreCut) {
  const auto bytes = numbered_frames(0, 20, 3000);
  std::vector<SpoolPlace> ends;
  for (std::size_t at = 0; at < bytes.size();) {
    at += proto::message_size(std::span(bytes).subspan(at));
    ends.push_back({kBase.position + at, kBase.sequence + ends.size() + 1});
  }
  for (const std::size_t step : {1U, 2U, 3U, 7U, 4096U}) {
    FrameWalk walk(kBase);
    std::size_t found = 0;
    for (std::size_t at = 0; at < bytes.size(); at += step) {
      walk.feed(std::span(bytes).subspan(at, std::min(step, bytes.size() - at)));
      while (found < ends.size() && ends[found].position <= kBase.position + at + step) ++found;
      EXPECT_EQ(walk.whole(), found == 0 ? kBase : ends[found - 1]);
      EXPECT_EQ(walk.mid_frame(),
                walk.whole().position != kBase.position + std::min(at + step, bytes.size()));
    }
  }
}

/// A file that is only octets in memory: thousands of damaged ones cost no disk.
class ImageIo : public SpoolIo {
 public:
  explicit ImageIo(std::span<const std::byte> octets) : octets_(octets) {}
  std::int64_t read(int /*fd*/, std::span<std::byte> to, std::uint64_t offset) override {
    const auto from = std::min<std::size_t>(static_cast<std::size_t>(offset), octets_.size());
    const auto size = std::min(to.size(), octets_.size() - from);
    std::copy_n(octets_.begin() + static_cast<std::ptrdiff_t>(from), size, to.begin());
    return static_cast<std::int64_t>(size);
  }

 private:
  std::span<const std::byte> octets_;
};

/// A segment of a few blocks, and what was written to it.
class SpoolSegmentTest : public testing::Test {
 protected:
  void create(std::uint64_t capacity) {
    header_ = {kBase, capacity, seconds_after_start(0)};
    file_ = segment_file(io_, path_);
    segment_.emplace(io_, file_, header_);
    ASSERT_EQ(segment_->begin(), 0);
  }
  // One loop turn.
  void append(std::size_t frames, std::size_t padding = 0) {
    const auto bytes = numbered_frames(next_, frames, padding);
    ASSERT_TRUE(segment_->has_room(bytes.size()));
    ASSERT_EQ(segment_->append(bytes, seconds_after_start(static_cast<std::int64_t>(next_))), 0);
    next_ += frames;
    written_.insert(written_.end(), bytes.begin(), bytes.end());
    turns_.push_back(segment_->end());
  }
  SpoolFindings check(std::span<const std::byte> octets) {
    ImageIo image(octets);
    auto head = read_spool_head(image, -1);
    EXPECT_EQ(head.error, 0);
    if (!head.index) return {.damaged = true};
    index_ = head.index;
    slab_.assign(static_cast<std::size_t>(head.index->header().capacity), std::byte{0xee});
    auto findings = load_spool_file(image, -1, *head.index, slab_);
    if (checks_++ % 32 != 0) return findings;
    const auto again = check_spool_file(image, -1, *head.index);
    EXPECT_EQ(findings.extents, again.extents);
    EXPECT_EQ(findings.damaged, again.damaged);
    return findings;
  }
  // What must hold of a damaged copy: nothing is read that was not written, in whole frames.
  void expect_only_what_was_written(const SpoolFindings& found) {
    SpoolPlace last = kBase;
    for (const auto& extent : found.extents) {
      ASSERT_LE(last.position, extent.from.position);
      ASSERT_LE(extent.to.position - kBase.position, written_.size());
      const auto at = static_cast<std::size_t>(extent.from.position - kBase.position);
      const auto size = static_cast<std::size_t>(extent.bytes());
      ASSERT_TRUE(std::equal(slab_.begin() + static_cast<std::ptrdiff_t>(at),
                             slab_.begin() + static_cast<std::ptrdiff_t>(at + size),
                             written_.begin() + static_cast<std::ptrdiff_t>(at)));
      const auto numbers = test::numbers_in(std::span(slab_).subspan(at, size));
      ASSERT_EQ(numbers.size(), extent.frames());
      ASSERT_EQ(numbers.front(), extent.from.sequence - kBase.sequence);
      ASSERT_EQ(numbers.back(), extent.to.sequence - 1 - kBase.sequence);
      last = extent.to;
    }
  }

  test::TemporaryDirectory directory_;
  std::string path_ = directory_ / "segment";
  FaultyIo io_;
  SpoolHeader header_;
  std::shared_ptr<const base::UniqueFd> file_;
  std::optional<SpoolSegment> segment_;
  std::optional<SpoolIndex> index_;
  std::uint64_t next_ = 0;
  unsigned checks_ = 0;
  std::vector<std::byte> written_;
  std::vector<SpoolPlace> turns_;
  std::vector<std::byte> slab_;
};

TEST_F(SpoolSegmentTest, ReadsBackAllThatFinishedTurnsWrote) {
  create(1U << 20U);
  while (segment_->has_room(64U << 10U)) next_ % 7 == 0 ? append(5, 3000) : append(1 + next_ % 300);
  const SpoolExtent all{kBase, segment_->end()};
  for (const bool sealed : {false, true}) {
    if (sealed) {
      ASSERT_EQ(segment_->seal(), 0);
      ASSERT_EQ(io_.truncate(file_->get(), segment_->file_size()), 0);
    }
    const auto found = check(file_octets(path_));
    EXPECT_FALSE(found.damaged);
    EXPECT_EQ(found.lost, 0U);
    EXPECT_EQ(found.end, segment_->end());
    EXPECT_THAT(found.extents, testing::ElementsAre(all));
    expect_only_what_was_written(found);
    EXPECT_EQ(index_->end(), segment_->end());
    EXPECT_EQ(index_->first_time(), seconds_after_start(0));
    EXPECT_EQ(index_->last_time(), segment_->last_time());
  }
}

TEST_F(SpoolSegmentTest, AFrameLongerThanBlocksIsFoundAgain) {
  create(256U << 10U);
  append(3);
  std::vector<std::byte> large = test::numbered_frame(0);
  // More fields of the same kind make it longer than two blocks.
  large[large.size() - 10] &= std::byte{0x7f};
  const std::vector<std::byte> field(large.end() - 10, large.end());
  for (int n = 0; n < 4000; ++n) large.insert(large.end(), field.begin(), field.end());
  large[large.size() - 10] |= std::byte{0x80};
  ASSERT_EQ(proto::message_size(large), large.size());
  ASSERT_GT(large.size(), 2 * kSpoolBlockSize);
  ASSERT_EQ(segment_->append(large, seconds_after_start(5)), 0);
  append(3);
  const auto found = check(file_octets(path_));
  EXPECT_FALSE(found.damaged);
  EXPECT_THAT(found.extents, testing::ElementsAre(SpoolExtent{kBase, segment_->end()}));
  EXPECT_EQ(segment_->end().sequence, kBase.sequence + 7);
}

TEST_F(SpoolSegmentTest, EveryPlaceIsFoundFromItsMark) {
  create(128U << 10U);
  while (segment_->has_room(16U << 10U)) append(50, 40);
  check(file_octets(path_));
  for (std::size_t at = 0, number = 0; at < written_.size(); ++number) {
    const auto size = proto::message_size(std::span(written_).subspan(at));
    const SpoolPlace place{kBase.position + at, kBase.sequence + number};
    EXPECT_EQ(find_spool_frame(io_, file_->get(), *index_, place.position), place);
    EXPECT_EQ(find_spool_frame(io_, file_->get(), *index_, place.position + size - 1), place);
    at += size;
  }
  for (const auto& mark : index_->marks()) {
    EXPECT_EQ(find_spool_frame(io_, file_->get(), *index_, mark.place.position), mark.place);
    EXPECT_LE(mark.first_time, mark.last_time);
  }
}

TEST_F(SpoolSegmentTest, CutAnywhereItOpensAtTheLastWholeFrameOfAnIntactBlock) {
  create(64U << 10U);
  for (int turn = 0; turn < 8; ++turn) append(60, 30);
  ASSERT_GT(written_.size(), 2 * kSpoolBlockSize);
  const auto whole = file_octets(path_);
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    const auto found = check(std::span(whole).first(size));
    ASSERT_NO_FATAL_FAILURE(expect_only_what_was_written(found)) << size;
    if (size < 4096) continue;
    const auto there = std::min(size - 4096, written_.size());
    // Every block that is all there, but for a frame that it does not end.
    const auto intact = there / kSpoolBlockSize * kSpoolBlockSize;
    const auto kept = found.extents.empty() ? 0 : found.extents.back().to.position - kBase.position;
    EXPECT_GE(kept + 200, intact) << size;
    EXPECT_EQ(found.damaged, there < written_.size()) << size;
    const auto frames = found.extents.empty() ? 0 : found.extents.back().frames();
    EXPECT_EQ(found.lost, next_ - frames) << "the entries tell how many are lost";
  }
}

TEST_F(SpoolSegmentTest, AFlippedBitAnywhereCostsItsBlockOnly) {
  create(64U << 10U);
  for (int turn = 0; turn < 8; ++turn) append(60, 30);
  ASSERT_EQ(segment_->seal(), 0);
  auto whole = file_octets(path_);
  whole.resize(4096 + written_.size());
  const auto blocks = spool_blocks(written_.size());
  for (std::size_t at = 0; at < whole.size(); ++at) {
    whole[at] ^= std::byte{1} << (at % 8);
    const auto found = check(whole);
    whole[at] ^= std::byte{1} << (at % 8);
    ASSERT_NO_FATAL_FAILURE(expect_only_what_was_written(found)) << at;
    if (at < kSpoolFixedSize) continue;  // The fixed part: none of it is trusted.
    std::uint64_t kept = 0;
    for (const auto& extent : found.extents) kept += extent.bytes();
    // A block, and the frames that reach into it.
    EXPECT_GE(kept + kSpoolBlockSize + 400, written_.size()) << at;
    if (at >= 4096) {
      EXPECT_TRUE(found.damaged) << at;
      EXPECT_GT(found.lost, 0U) << at;
      const auto block = (at - 4096) / kSpoolBlockSize;
      EXPECT_EQ(found.extents.size(), block == 0 || block + 1 == blocks ? 1U : 2U) << at;
    }
  }
}

TEST_F(SpoolSegmentTest, ZeroedStretchesAreNeverReadAsFrames) {
  create(64U << 10U);
  for (int turn = 0; turn < 8; ++turn) append(60, 30);
  const auto whole = file_octets(path_);
  std::mt19937 random(1);
  for (int round = 0; round < 600; ++round) {
    auto torn = whole;
    const auto from = random() % (round % 2 == 0 ? 4096 : torn.size());
    const auto size = std::min<std::size_t>(1 + random() % 5000, torn.size() - from);
    std::fill_n(torn.begin() + static_cast<std::ptrdiff_t>(from), size, std::byte{0});
    const auto found = check(torn);
    ASSERT_NO_FATAL_FAILURE(expect_only_what_was_written(found)) << from << " " << size;
  }
}

// A power loss leaves of the writes since the last sync any prefix of any of them.
TEST_F(SpoolSegmentTest, WhatWasSyncedIsThereHoweverLaterWritesWereTorn) {
  create(64U << 10U);
  std::mt19937 random(2);
  std::vector<std::byte> synced_octets;
  SpoolPlace synced{};
  for (int turn = 0; turn < 40 && segment_->has_room(4000); ++turn) {
    append(1 + random() % 20, 30);
    if (turn % 3 == 0) {
      segment_->sync_begins();
      synced_octets = file_octets(path_);
      synced = segment_->end();
      // Turns go on while the disk is busy.
      append(1 + random() % 20, 30);
      segment_->sync_ended(true);
    }
    const auto now = file_octets(path_);
    for (int tear = 0; tear < 40; ++tear) {
      // Each sector, or part of one, is old or new.
      auto torn = now;
      for (std::size_t at = 0; at < torn.size();) {
        const auto size = std::min<std::size_t>(1 + random() % 700, torn.size() - at);
        for (std::size_t n = at; n < at + size && random() % 2 == 0; n += size) {
          for (std::size_t o = at; o < at + size; ++o) {
            torn[o] = o < synced_octets.size() ? synced_octets[o] : std::byte{0};
          }
        }
        at += size;
      }
      const auto found = check(torn);
      ASSERT_NO_FATAL_FAILURE(expect_only_what_was_written(found));
      ASSERT_FALSE(found.extents.empty());
      ASSERT_EQ(found.extents.front().from, kBase);
      ASSERT_GE(found.extents.front().to.position, synced.position) << "turn " << turn;
    }
  }
}

TEST_F(SpoolSegmentTest, WhatAKilledProcessWroteIsThere) {
  const auto child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    create(256U << 10U);
    for (int turn = 0; turn < 20; ++turn) append(60, 30);
    ::kill(::getpid(), SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  const auto found = check(file_octets(path_));
  EXPECT_FALSE(found.damaged);
  ASSERT_EQ(found.extents.size(), 1U);
  EXPECT_EQ(found.extents[0].frames(), 20U * 60U);
}

TEST_F(SpoolSegmentTest, AnErrorLeavesWhatWasThere) {
  create(64U << 10U);
  append(100);
  const auto before = segment_->end();
  io_.write_error = ENOSPC;
  EXPECT_EQ(segment_->append(numbered_frames(next_, 5), seconds_after_start(9)), -ENOSPC);
  io_.write_error = 0;
  const auto found = check(file_octets(path_));
  EXPECT_FALSE(found.damaged);
  EXPECT_THAT(found.extents, testing::ElementsAre(SpoolExtent{kBase, before}));
}

TEST_F(SpoolSegmentTest, AFrameWithoutItsEndIsNoDamage) {
  // The agent was killed behind the table's entry and before that of the tail.
  create(64U << 10U);
  append(50, 30);
  while (written_.size() < kSpoolBlockSize + 100) append(7, 30);
  const auto whole = file_octets(path_);
  auto torn = whole;
  std::fill_n(torn.begin() + kSpoolFixedSize, kSpoolTailSlots * kSpoolEntrySize, std::byte{0});
  const auto found = check(torn);
  EXPECT_FALSE(found.damaged);
  EXPECT_EQ(found.lost, 0U);
  ASSERT_EQ(found.extents.size(), 1U);
  EXPECT_EQ(found.end, found.extents[0].to);
  EXPECT_LE(found.end.position - kBase.position, kSpoolBlockSize);
  ASSERT_NO_FATAL_FAILURE(expect_only_what_was_written(found));
}

}  // namespace
}  // namespace lariat::publish
