#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <vector>

#include "collectors/files/walk.h"
#include "tests/support/process.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/collectors/source_run.h"

namespace lariat::files {
namespace {

using test::Process;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;
using enum test::Process::Stream;

constexpr double kNow = 1'700'000'000;

class FilesTest : public testing::Test {
 protected:
  void SetUp() override {
    write("a.log", 10, 100);
    write("b.log", 30, 50);
    write("c.txt", 1000, 10);
    std::filesystem::create_directories(folder_.file("sub/deep"));
    write("sub/d.log", 5, 400);
    write("sub/deep/e.log", 7, 1000);
    std::filesystem::create_symlink("a.log", folder_.file("link.log"));
  }
  void write(const std::string& name, std::size_t size, int age) const {
    test::write_file(folder_.file(name), std::string(size, 'x'));
    const timespec time{.tv_sec = static_cast<time_t>(kNow) - age, .tv_nsec = 0};
    const timespec times[2] = {time, time};
    ASSERT_EQ(::utimensat(AT_FDCWD, folder_.file(name).c_str(), times, 0), 0);
  }
  [[nodiscard]] Query query() const { return {.path = folder_.path(), .globs = {"*.log"}}; }

  test::TemporaryDirectory folder_;
};

TEST_F(FilesTest, CountsWhatMatchesInOneFolder) {
  const Found found = walk(query(), kNow);
  EXPECT_EQ(found.count, 2U) << "no folder, no link";
  EXPECT_EQ(found.bytes, 40U);
  EXPECT_EQ(found.smallest, 10U);
  EXPECT_EQ(found.largest, 30U);
  EXPECT_EQ(found.oldest, kNow - 100);
  EXPECT_EQ(found.newest, kNow - 50);
  EXPECT_EQ(found.unreadable, 0U);
  EXPECT_FALSE(found.cut);
}

TEST_F(FilesTest, GoesAsDeepAsItMay) {
  Query deep = query();
  deep.depth = 2;
  EXPECT_EQ(walk(deep, kNow).count, 3U);
  deep.depth = 100;
  EXPECT_EQ(walk(deep, kNow).count, 4U);
  deep.globs = {};
  EXPECT_EQ(walk(deep, kNow).count, 5U);
  deep.globs = {"*.txt", "d.*"};
  EXPECT_EQ(walk(deep, kNow).count, 2U);
}

TEST_F(FilesTest, TellsAgesSizesAndTypesApart) {
  const auto count = [this](auto change) {
    Query one = query();
    one.depth = 100;
    change(one);
    return walk(one, kNow).count;
  };
  EXPECT_EQ(count([](Query& one) { one.older = 100; }), 3U);
  EXPECT_EQ(count([](Query& one) { one.newer = 100; }), 2U);
  EXPECT_EQ(count([](Query& one) { one.larger = 10; }), 2U);
  EXPECT_EQ(count([](Query& one) { one.smaller = 7; }), 2U);
  EXPECT_EQ(count([](Query& one) { one.type = 'l'; }), 1U);
  EXPECT_EQ(count([](Query& one) { one.type = 'a'; }), 5U);
  EXPECT_EQ(count([](Query& one) {
              one.type = 'd';
              one.globs = {};
            }),
            2U);
}

TEST_F(FilesTest, StopsAtTheMostAndSaysSo) {
  Query deep = query();
  deep.depth = 100;
  const Found found = walk(deep, kNow, 3);
  EXPECT_TRUE(found.cut);
  EXPECT_LE(found.count, 3U);
  EXPECT_FALSE(walk(deep, kNow, 8).cut) << "as many as there are";
}

TEST_F(FilesTest, OneFileIsItself) {
  EXPECT_EQ(walk({.path = folder_.file("c.txt")}, kNow).bytes, 1000U);
}

TEST_F(FilesTest, TellsOfNothingThatIsNotThere) {
  sdk::Answer answer;
  answer.begin(5);
  put(walk({.path = folder_.file("none")}, kNow), kNow, "files=x", answer);
  EXPECT_THAT(test::lines_of(answer),
              ElementsAre("s files_count files=x 0", "s files_size_bytes files=x 0",
                          "s files_unreadable files=x 1", "s files_cut files=x 0"));
  answer.begin(5);
  put(walk(query(), kNow), kNow, "files=x", answer);
  EXPECT_THAT(
      test::lines_of(answer),
      ElementsAre("s files_count files=x 2", "s files_size_bytes files=x 40",
                  "s files_unreadable files=x 0", "s files_cut files=x 0",
                  "s files_smallest_bytes files=x 10", "s files_largest_bytes files=x 30",
                  "s files_average_bytes files=x 20", "s files_oldest_age_seconds files=x 100",
                  "s files_newest_age_seconds files=x 50"));
}

TEST(FilesUnits, AreReadOrRefused) {
  EXPECT_EQ(parse_age("90"), 90);
  EXPECT_EQ(parse_age("2m"), 120);
  EXPECT_EQ(parse_age("1d"), 86'400);
  EXPECT_EQ(parse_size("3KiB"), 3072U);
  EXPECT_EQ(parse_size("1GiB"), 1U << 30U);
  EXPECT_EQ(parse_size("7B"), 7U);
  for (const char* wrong : {"", "x", "-1", "1.5h", "1w", "99999999999999999999"}) {
    EXPECT_FALSE(parse_age(wrong)) << wrong;
    EXPECT_FALSE(parse_size(wrong)) << wrong;
  }
}

TEST_F(FilesTest, TheProgramTellsOfEachPathByItsName) {
  Process program({std::string(LARIAT_COLLECTORS) + "/files", "--text", "--path",
                   folder_.path() + "/", "--name", "logs", "--glob", "*.log", "--recursive",
                   "--path", folder_.file("c.txt")});
  ASSERT_TRUE(program.write("tick 5\n"));
  program.close_input();
  EXPECT_EQ(program.wait(), 0);
  EXPECT_THAT(program.text(kOut), HasSubstr("sample 5 files_count files=logs 4\n"));
  EXPECT_THAT(program.text(kOut),
              HasSubstr("sample 5 files_size_bytes files=" + folder_.file("c.txt") + " 1000\n"));
}

TEST(FilesProgram, WrongUseIsOneSentence) {
  for (const std::vector<std::string>& words : {std::vector<std::string>{},
                                                {"--glob", "x"},
                                                {"--path", "relative"},
                                                {"--path", "/", "--type", "x"},
                                                {"--path", "/", "--older", "x"},
                                                {"--path", "/", "--larger", "1MB"},
                                                {"--path", "/", "--depth", "0"}}) {
    std::vector<std::string> command = {std::string(LARIAT_COLLECTORS) + "/files"};
    command.insert(command.end(), words.begin(), words.end());
    Process program(command);
    EXPECT_EQ(program.wait(), 2) << (words.empty() ? "" : words.back());
    EXPECT_THAT(program.text(kErr), StartsWith("files: "));
  }
}

}  // namespace
}  // namespace lariat::files
