#include "agent/publish/spool_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "tests/support/files.h"
#include "tests/unit/publish/spool_fixture.h"

namespace lariat::publish {
namespace {

using testing::HasSubstr;
using Access = SpoolDirectory::Access;

class SpoolDirectoryTest : public testing::Test {
 protected:
  test::TemporaryDirectory parent_;
  std::string path_ = parent_ / "spool";
  FaultyIo io_;
};

TEST_F(SpoolDirectoryTest, IsMadeAndHeldByOneOnly) {
  const auto first = SpoolDirectory::open(io_, path_, Access::kOwn);
  ASSERT_NE(first.directory, nullptr) << first.error.text;
  const auto second = SpoolDirectory::open(io_, path_, Access::kOwn);
  EXPECT_EQ(second.directory, nullptr);
  EXPECT_TRUE(second.locked);
  EXPECT_THAT(second.error.text, HasSubstr("process " + std::to_string(::getpid())));
  EXPECT_NE(SpoolDirectory::open(io_, path_, Access::kLook).directory, nullptr);
}

TEST_F(SpoolDirectoryTest, WhatOthersMayWriteIsRefusedWithTheCommandThatMendsIt) {
  std::filesystem::create_directory(path_);
  ASSERT_EQ(::chmod(path_.c_str(), 0770), 0);
  const auto writable = SpoolDirectory::open(io_, path_, Access::kOwn);
  EXPECT_EQ(writable.directory, nullptr);
  EXPECT_FALSE(writable.locked);
  EXPECT_THAT(writable.error.text, HasSubstr("chmod go-w " + path_));
  ASSERT_EQ(::chmod(path_.c_str(), 0750), 0);
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a directory away";
  ASSERT_EQ(::chown(path_.c_str(), 65534, 65534), 0);
  EXPECT_THAT(SpoolDirectory::open(io_, path_, Access::kOwn).error.text,
              HasSubstr("belongs to user 65534"));
}

TEST_F(SpoolDirectoryTest, AMissingParentIsNamed) {
  EXPECT_THAT(SpoolDirectory::open(io_, parent_ / "a/b", Access::kOwn).error.text,
              HasSubstr("a/b: No such file or directory"));
}

TEST_F(SpoolDirectoryTest, ForeignFilesAreNotListedAndBadOnesAreBounded) {
  const auto directory = SpoolDirectory::open(io_, path_, Access::kOwn).directory;
  const std::vector<std::byte> octets(100, std::byte{1});
  for (const auto* name : {"notes.txt", "0000000000000000.seg~", "x.bad", "spare.tmp"}) {
    test::write_file(path_ + "/" + name, octets);
  }
  for (std::uint64_t n = 0; n < 5; ++n) {
    test::write_file(path_ + "/" + spool_name(n * 100), octets);
    EXPECT_EQ(directory->set_aside(spool_name(n * 100)), 0);
  }
  test::write_file(path_ + "/" + spool_name(7), octets);
  std::filesystem::create_directory(path_ + "/" + spool_name(8));
  auto listing = directory->list();
  ASSERT_TRUE(listing);
  ASSERT_EQ(listing->segments.size(), 2U);
  EXPECT_EQ(listing->segments[0].state, SpoolListed::State::kBad);
  EXPECT_EQ(listing->segments[1].state, SpoolListed::State::kUnreadable);
  EXPECT_EQ(listing->bad.size(), 5U);
  directory->trim_bad(3, 1'000);
  EXPECT_EQ(directory->list()->bad.size(), 3U);
  directory->trim_bad(3, 150);
  EXPECT_EQ(directory->list()->bad.size(), 1U);
  EXPECT_TRUE(std::filesystem::exists(path_ + "/x.bad"));
  EXPECT_TRUE(std::filesystem::exists(path_ + "/notes.txt"));
}

TEST_F(SpoolDirectoryTest, CursorsAreReplacedWholeOrNotAtAll) {
  const auto directory = SpoolDirectory::open(io_, path_, Access::kOwn).directory;
  EXPECT_EQ(directory->read_cursors().state, SpoolCursorFile::State::kAbsent);
  SpoolCursors cursors{.log_end = {10, 1}};
  cursors.endpoints["a"] = {.judged = {5, 1}};
  EXPECT_EQ(directory->write_cursors(cursors), 0);
  auto other = cursors;
  other.endpoints["b"] = {};
  for (auto* error : {&io_.write_error, &io_.sync_error, &io_.rename_error, &io_.open_error}) {
    *error = EIO;
    EXPECT_EQ(directory->write_cursors(other), -EIO);
    *error = 0;
    EXPECT_EQ(directory->read_cursors().cursors, cursors);
  }
  test::write_file(path_ + "/cursors", std::vector<std::byte>(77, std::byte{3}));
  EXPECT_EQ(directory->read_cursors().state, SpoolCursorFile::State::kBad);
}

TEST_F(SpoolDirectoryTest, KnowsWhenThePathLeadsElsewhere) {
  const auto directory = SpoolDirectory::open(io_, path_, Access::kOwn).directory;
  EXPECT_TRUE(directory->still_there());
  std::filesystem::rename(path_, path_ + ".old");
  EXPECT_FALSE(directory->still_there());
  std::filesystem::create_directory(path_);
  EXPECT_FALSE(directory->still_there());
}

}  // namespace
}  // namespace lariat::publish
