#include "agent/publish/spool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "tests/support/files.h"
#include "tests/unit/publish/spool_fixture.h"

namespace lariat::publish {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;
namespace fs = std::filesystem;

/// A spool of small segments, and everything that was written to it.
class SpoolTest : public testing::Test {
 protected:
  void open() {
    auto opened = Spool::open(
        options_,
        {.on_evict = [this](SpoolPlace end) { evicted_.push_back(end); },
         .on_damage = [this](const SpoolDamage& damage) { damage_.push_back(damage); },
         .on_state = [this](const auto& why) { states_.push_back(why ? why->text : ""); }},
        loop_, io_);
    ASSERT_TRUE(opened) << opened.error().text;
    spool_ = std::move(*opened);
  }
  // So many loop turns of ten frames.
  void write(int turns) {
    for (int turn = 0; turn < turns; ++turn) {
      const auto from = spool_->end();
      const auto bytes = numbered_frames(from.sequence, 10, 40);
      if (log_.size() < from.position + bytes.size()) log_.resize(from.position + bytes.size());
      std::copy(bytes.begin(), bytes.end(),
                log_.begin() + static_cast<std::ptrdiff_t>(from.position));
      spool_->write({from, {from.position + bytes.size(), from.sequence + 10}}, bytes, now_);
      now_ += 1s;
    }
  }
  void expect_all_readable(std::uint64_t from, std::uint64_t to) {
    while (from < to) {
      std::vector<std::byte> slab(spool_->slab_size(from));
      const auto page = spool_->read(from, slab);
      ASSERT_EQ(page.state, SpoolPage::State::kRead) << from;
      ASSERT_TRUE(page.extent.holds(from));
      ASSERT_EQ(page.bytes.size(), page.extent.bytes());
      const auto* written = log_.data() + page.extent.from.position;
      ASSERT_TRUE(std::equal(page.bytes.begin(), page.bytes.end(), written));
      ASSERT_FALSE(page.marks.empty());
      ASSERT_EQ(page.marks.front().place, page.extent.from);
      from = page.extent.to.position;
    }
  }
  void settle() {
    ASSERT_TRUE(test::run_until(loop_, [this] { return spool_->idle(); }));
  }
  bool run_until_degraded(bool degraded) {
    return test::run_until(loop_, [this, degraded] { return spool_->degraded() == degraded; });
  }
  void close() {
    EXPECT_TRUE(spool_->close({}, now_, 10s));
    spool_.reset();
  }
  std::vector<std::string> segment_names() const {
    std::vector<std::string> names;
    for (const auto& file : fs::directory_iterator(options_.directory)) {
      if (file.path().extension() == ".seg") names.push_back(file.path().filename());
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  test::TemporaryDirectory parent_;
  SpoolOptions options_{.directory = parent_ / "spool",
                        .max_bytes = 4U << 20U,
                        .sync = 20ms,
                        .segment_bytes = 64U << 10U};
  std::shared_ptr<FaultyIo> io_ = std::make_shared<FaultyIo>();
  loop::Loop loop_;
  std::vector<SpoolPlace> evicted_;
  std::vector<SpoolDamage> damage_;
  std::vector<std::string> states_;
  std::vector<std::byte> log_;
  base::WallTime now_ = seconds_after_start(0);
  std::unique_ptr<Spool> spool_;
};

TEST_F(SpoolTest, WhatWasWrittenIsReadBackNowAndAfterARestart) {
  open();
  EXPECT_EQ(spool_->end(), SpoolPlace{});
  write(300);
  const auto end = spool_->end();
  EXPECT_GT(segment_names().size(), 3U);
  expect_all_readable(0, end.position);
  close();
  open();
  EXPECT_EQ(spool_->end(), end);
  EXPECT_EQ(spool_->begin(), SpoolPlace{});
  EXPECT_GT(spool_->unchecked(), 0U);
  write(20);
  expect_all_readable(0, spool_->end().position);
  settle();
  EXPECT_EQ(spool_->unchecked(), 0U);
  expect_all_readable(0, spool_->end().position);
  EXPECT_THAT(damage_, IsEmpty());
  EXPECT_THAT(states_, IsEmpty());
}

TEST_F(SpoolTest, WhatAKilledProcessWroteIsThereAndTheNextGoesOnBehindIt) {
  fs::create_directory(options_.directory);
  const auto child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    open();
    write(100);
    ::kill(::getpid(), SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  open();
  EXPECT_EQ(spool_->end().sequence, 1'000U);
  EXPECT_THAT(damage_, IsEmpty());
  std::vector<std::byte> slab(options_.segment_bytes);
  std::uint64_t number = 0;
  for (auto at = spool_->begin(); at != spool_->end();) {
    const auto page = spool_->read(at.position, slab);
    ASSERT_EQ(page.state, SpoolPage::State::kRead);
    for (const auto found : test::numbers_in(page.bytes)) EXPECT_EQ(found, number++);
    at = page.extent.to;
  }
  EXPECT_EQ(number, 1'000U);
}

TEST_F(SpoolTest, ASecondAgentIsToldWhoHasIt) {
  open();
  const auto second = Spool::open(options_, {}, loop_, io_);
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().text, HasSubstr("is in use by process"));
}

TEST_F(SpoolTest, TheBudgetHoldsAndTheOldestGoFirst) {
  options_.max_bytes = 400U << 10U;
  open();
  write(1'000);
  EXPECT_FALSE(evicted_.empty());
  EXPECT_EQ(evicted_.back(), spool_->begin());
  EXPECT_LE(spool_->stats().bytes, options_.max_bytes);
  expect_all_readable(spool_->begin().position, spool_->end().position);
  settle();
  EXPECT_EQ(segment_names().size(), spool_->stats().segments);
  std::uint64_t on_disk = 0;
  for (const auto& file : fs::directory_iterator(options_.directory)) on_disk += file.file_size();
  EXPECT_LE(on_disk, options_.max_bytes);
}

TEST_F(SpoolTest, WhatIsReleasedBeforeItIsSyncedNeverIs) {
  options_.sync = std::chrono::hours(1);
  open();
  write(1'000);
  settle();
  const auto files = segment_names().size();
  ASSERT_GT(files, 4U);
  spool_->release(spool_->end().position);
  settle();
  // Those that are used again are synced as empty ones.
  const auto before = io_->syncs.load();
  EXPECT_TRUE(spool_->close({}, now_, std::chrono::seconds(10)));
  EXPECT_LE(io_->syncs.load() - before, 4) << "the last file, the directory, the cursors";
}

TEST_F(SpoolTest, AFileThatIsUsedAgainHoldsOnlyWhatIsNew) {
  open();
  write(300);
  settle();
  spool_->release(spool_->end().position);
  settle();
  EXPECT_TRUE(fs::exists(options_.directory + "/" + recycled_name(0)));
  write(300);
  settle();
  expect_all_readable(spool_->begin().position, spool_->end().position);
  // As after a kill: nothing was cut to its size.
  spool_.reset();
  open();
  EXPECT_THAT(damage_, IsEmpty());
  EXPECT_EQ(spool_->end().sequence, 6'000U);
  expect_all_readable(spool_->begin().position, spool_->end().position);
  settle();
  EXPECT_FALSE(fs::exists(options_.directory + "/" + recycled_name(0)));
}

TEST_F(SpoolTest, ReleasedFilesGoAndTheOpenOneStays) {
  open();
  write(300);
  spool_->release(spool_->end().position);
  EXPECT_EQ(spool_->stats().segments, 1U);
  settle();
  EXPECT_EQ(segment_names().size(), 1U);
  write(10);
  EXPECT_TRUE(spool_->find(spool_->end().position - 1).stored);
}

TEST_F(SpoolTest, AFullDiskDegradesItOnceAndItComesBackByItself) {
  open();
  write(50);
  settle();
  const auto before = spool_->end();
  io_->write_error = ENOSPC;
  io_->allocate_error = ENOSPC;
  write(20);
  EXPECT_TRUE(spool_->degraded());
  EXPECT_THAT(spool_->reason(), HasSubstr("No space left on device"));
  EXPECT_EQ(spool_->stats().frames_not_stored, 200U);
  io_->write_error = 0;
  io_->allocate_error = 0;
  const auto after = spool_->end();
  ASSERT_TRUE(run_until_degraded(false));
  write(20);
  EXPECT_THAT(states_, testing::ElementsAre(HasSubstr("No space left"), ""));
  const auto gap = spool_->find(before.position);
  EXPECT_FALSE(gap.stored);
  EXPECT_FALSE(gap.damaged) << "it never was on disk";
  EXPECT_EQ(gap.extent.to, after);
  expect_all_readable(0, before.position);
  expect_all_readable(after.position, spool_->end().position);
  const auto end = spool_->end();
  close();
  open();
  EXPECT_EQ(spool_->end(), end);
  EXPECT_EQ(spool_->find(before.position).extent.to, after) << "counted exactly after a restart";
}

TEST_F(SpoolTest, ASyncThatFailsDegradesIt) {
  open();
  io_->sync_error = EIO;
  write(1);
  ASSERT_TRUE(run_until_degraded(true));
  EXPECT_THAT(spool_->reason(), HasSubstr("Input/output error"));
  write(5);
  io_->sync_error = 0;
  EXPECT_TRUE(run_until_degraded(false));
}

TEST_F(SpoolTest, ADirectoryThatVanishesIsMadeAgain) {
  open();
  write(10);
  settle();
  fs::remove_all(options_.directory);
  write(200);
  EXPECT_TRUE(spool_->degraded());
  ASSERT_TRUE(run_until_degraded(false));
  const auto back = spool_->end();
  write(10);
  EXPECT_EQ(spool_->begin(), back) << "what was in it is gone";
  expect_all_readable(back.position, spool_->end().position);
}

TEST_F(SpoolTest, ADirectoryOfAnotherIsNotUsedUntilItIsOurs) {
  fs::create_directory(options_.directory);
  fs::permissions(options_.directory, fs::perms::all);
  open();
  EXPECT_TRUE(spool_->degraded());
  EXPECT_THAT(spool_->reason(), HasSubstr("chmod go-w"));
  write(10);
  EXPECT_THAT(segment_names(), IsEmpty());
  fs::permissions(options_.directory, fs::perms::owner_all);
  ASSERT_TRUE(run_until_degraded(false));
  write(10);
  EXPECT_EQ(spool_->begin().sequence, 100U);
}

TEST_F(SpoolTest, TheLogOfAnEarlierRunIsNotOverwrittenByALateStart) {
  open();
  write(10);
  close();
  io_->list_error = EIO;
  open();
  EXPECT_TRUE(spool_->degraded());
  io_->list_error = 0;
  write(5);
  ASSERT_TRUE(test::run_until(
      loop_, [this] { return spool_->reason().find("earlier run") != std::string_view::npos; }));
  spool_.reset();
  open();
  EXPECT_EQ(spool_->end().sequence, 100U);
}

TEST_F(SpoolTest, DamageInAnOldFileCostsItsBlockAndIsToldWithItsFrames) {
  open();
  write(300);
  const auto end = spool_->end();
  close();
  const auto path = options_.directory + "/" + segment_names()[1];
  auto octets = test::file_octets(path);
  octets[4096 + 20'000] ^= std::byte{4};
  test::write_file(path, octets);
  open();
  settle();
  ASSERT_EQ(damage_.size(), 1U);
  EXPECT_EQ(damage_[0].file, segment_names()[1]);
  EXPECT_FALSE(damage_[0].set_aside);
  EXPECT_EQ(spool_->stats().segments_damaged, 1U);
  const auto base = damage_[0].claimed.from.position;
  const auto hole = spool_->find(base + 20'000);
  EXPECT_TRUE(!hole.stored && hole.damaged);
  const auto before = spool_->find(base).extent;
  EXPECT_EQ(hole.extent.to.sequence - before.to.sequence, damage_[0].lost);
  expect_all_readable(0, before.to.position);
  expect_all_readable(hole.extent.to.position, end.position);
  EXPECT_EQ(damage_.size(), 1U) << "told once";
}

TEST_F(SpoolTest, AFileWithoutAHeadIsSetAsideAndItsRangeKnownFromItsNeighbours) {
  open();
  write(300);
  const auto end = spool_->end();
  close();
  const auto names = segment_names();
  const auto path = options_.directory + "/" + names[1];
  auto octets = test::file_octets(path);
  std::fill_n(octets.begin(), 64, std::byte{0});
  test::write_file(path, octets);
  open();
  ASSERT_EQ(damage_.size(), 1U);
  EXPECT_TRUE(damage_[0].set_aside);
  EXPECT_EQ(damage_[0].lost, damage_[0].claimed.frames());
  EXPECT_EQ(damage_[0].claimed.from.position, spool_position(names[1]));
  EXPECT_EQ(damage_[0].claimed.to.position, spool_position(names[2]));
  EXPECT_GT(damage_[0].lost, 0U);
  settle();
  EXPECT_TRUE(fs::exists(path + ".bad"));
  EXPECT_EQ(spool_->end(), end);
  expect_all_readable(damage_[0].claimed.to.position, end.position);
}

TEST_F(SpoolTest, CutInTheLastFileItGoesOnBehindAllPositionsThatWereInUse) {
  open();
  write(130);
  const auto end = spool_->end();
  close();
  const auto path = options_.directory + "/" + segment_names().back();
  const auto octets = test::file_octets(path);
  for (std::size_t size = 0; size < octets.size(); size += 997) {
    test::write_file(path, std::span(octets).first(size));
    damage_.clear();
    open();
    EXPECT_GE(spool_->end().position, end.position) << size;
    EXPECT_EQ(spool_->end().sequence, end.sequence) << "the cursor file knows: " << size;
    for (auto at = spool_->begin(); at.position < spool_->end().position;) {
      const auto spot = spool_->find(at.position);
      if (spot.stored) expect_all_readable(at.position, spot.extent.to.position);
      ASSERT_GT(spot.extent.to.position, at.position);
      at = spot.extent.to;
    }
    spool_.reset();
    fs::remove(path + ".bad");
  }
}

TEST_F(SpoolTest, CursorsAreSavedAtMostOnceASecondAndTheLastAtTheEnd) {
  open();
  write(20);
  SpoolCursors cursors;
  for (std::uint64_t n = 1; n <= 100; ++n) {
    cursors.endpoints["east"] = {.judged = {n, n / 10}, .last_configured = now_};
    spool_->save_cursors(cursors, now_);
  }
  settle();
  EXPECT_EQ(SpoolDirectory::open(*io_, options_.directory, SpoolDirectory::Access::kLook)
                .directory->read_cursors()
                .cursors.endpoints.at("east")
                .judged.position,
            1U)
      << "the first; the others wait";
  EXPECT_TRUE(spool_->close(cursors, now_, 10s));
  spool_.reset();
  open();
  EXPECT_EQ(spool_->cursors().endpoints.at("east").judged.position, 100U);
  EXPECT_EQ(spool_->cursors().log_end, spool_->end());
}

TEST_F(SpoolTest, CursorsThatCannotBeTrustedAreSetAside) {
  open();
  close();
  test::write_file(options_.directory + "/cursors", std::vector<std::byte>(50, std::byte{9}));
  open();
  EXPECT_TRUE(spool_->cursors_lost());
  EXPECT_TRUE(spool_->cursors().endpoints.empty());
  settle();
  EXPECT_TRUE(fs::exists(options_.directory + "/cursors.bad"));
}

TEST_F(SpoolTest, PlacesAndTimesAreFoundWithoutReadingAFileWhole) {
  open();
  write(300);
  close();
  open();
  EXPECT_EQ(spool_->frame_at(0), SpoolPlace{});
  const auto frame = numbered_frames(0, 1, 40).size();
  for (const std::uint64_t number : {1U, 77U, 1'234U, 2'999U}) {
    const SpoolPlace place{number * frame, number};
    EXPECT_EQ(spool_->frame_at(place.position), place);
    EXPECT_EQ(spool_->frame_at(place.position + frame - 1), place);
  }
  EXPECT_EQ(spool_->frame_at(spool_->end().position), std::nullopt);
  // Turn n wrote its ten frames in second n.
  const auto first = spool_->first_after(seconds_after_start(149));
  EXPECT_LE(first.sequence, 1'500U) << "none goes too early";
  EXPECT_GE(first.sequence, 1'500U - kSpoolBlockSize / frame - 10);
  EXPECT_EQ(spool_->first_after(seconds_after_start(299)), spool_->end());
}

TEST_F(SpoolTest, WithoutDescriptorsAReaderIsToldToComeLater) {
  open();
  write(100);
  std::vector<std::byte> slab(options_.segment_bytes);
  std::vector<base::UniqueFd> all;
  for (;;) {
    base::UniqueFd one(::dup(0));
    if (!one || all.size() > 100'000) break;
    all.push_back(std::move(one));
  }
  if (all.size() > 100'000) GTEST_SKIP() << "no limit of descriptors";
  EXPECT_EQ(spool_->read(0, slab).state, SpoolPage::State::kLater);
  all.clear();
  EXPECT_EQ(spool_->read(0, slab).state, SpoolPage::State::kRead);
  EXPECT_THAT(damage_, IsEmpty());
}

TEST_F(SpoolTest, OneWriteOfTheDataATurnAndLittleBeside) {
  open();
  settle();
  const auto before = io_->octets_written.load();
  write(500);
  const auto data = spool_->end().position;
  EXPECT_EQ(spool_->stats().bytes_written, data);
  // Turns of 1 KiB: the entries are the more the smaller the turns are.
  EXPECT_LE(io_->octets_written - before, data * 11 / 10);
}

TEST_F(SpoolTest, AFullFileSystemIsSurvived) {
  fs::create_directory(options_.directory);
  if (::mount("none", options_.directory.c_str(), "tmpfs", 0, "size=512k,mode=0750") != 0) {
    GTEST_SKIP() << "no tmpfs may be mounted here";
  }
  open();
  write(800);
  EXPECT_TRUE(spool_->degraded());
  const auto gap = spool_->find(spool_->end().position - 1);
  EXPECT_FALSE(gap.stored);
  spool_->release(spool_->end().position);
  EXPECT_TRUE(run_until_degraded(false)) << "room was made";
  const auto back = spool_->end();
  write(10);
  expect_all_readable(back.position, spool_->end().position);
  spool_.reset();
  ASSERT_EQ(::umount2(options_.directory.c_str(), MNT_DETACH), 0);
}

}  // namespace
}  // namespace lariat::publish
