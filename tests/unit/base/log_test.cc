#include "agent/base/log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <string>

#include "agent/base/unique_fd.h"

namespace lariat::base {
namespace {

/// Both ends of a pipe whose reader reads only when it is asked.
class LineWriterTest : public testing::Test {
 protected:
  LineWriterTest() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    reader_.reset(ends[0]);
    writer_.reset(ends[1]);
    EXPECT_EQ(::fcntl(reader_.get(), F_SETFL, O_NONBLOCK), 0);
  }

  std::string read_all() {
    std::string all;
    std::array<char, 65536> some{};
    for (ssize_t got = 0; (got = ::read(reader_.get(), some.data(), some.size())) > 0;) {
      all.append(some.data(), static_cast<std::size_t>(got));
    }
    return all;
  }

  UniqueFd reader_;
  UniqueFd writer_;
};

TEST_F(LineWriterTest, WritesALineWithItsLevelInWords) {
  LineWriter lines(writer_.get());
  lines.write(Level::kInfo, "all is well");
  lines.write(Level::kWarning, "not quite");
  lines.write(Level::kError, "not at all");
  EXPECT_EQ(read_all(),
            "lariat: all is well\nlariat: warning: not quite\nlariat: error: not at all\n");
}

TEST_F(LineWriterTest, NeverWaitsForAReaderThatDoesNotRead) {
  LineWriter lines(writer_.get());
  const std::string line(1000, 'x');
  for (int i = 0; i < 1000; ++i) lines.write(Level::kInfo, line);
  EXPECT_GT(lines.left_out(), 0U);
}

TEST_F(LineWriterTest, TellsHowManyLinesWereLeftOut) {
  LineWriter lines(writer_.get());
  const std::string line(1000, 'x');
  while (lines.left_out() < 3) lines.write(Level::kInfo, line);
  EXPECT_EQ(read_all().find("left out"), std::string::npos);
  lines.write(Level::kInfo, "again");
  EXPECT_EQ(read_all(),
            "lariat: warning: 3 lines were left out: nobody read them\nlariat: again\n");
  EXPECT_EQ(lines.left_out(), 0U);
}

TEST_F(LineWriterTest, CutsALineThatAPipeMightNotTakeAtOnce) {
  LineWriter lines(writer_.get());
  lines.write(Level::kInfo, std::string(10'000, 'x'));
  EXPECT_LE(read_all().size(), 4096U);
}

TEST_F(LineWriterTest, GivesTheJournalALevelThatItUnderstands) {
  struct stat status {};
  ASSERT_EQ(::fstat(writer_.get(), &status), 0);
  const auto stream = std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);
  ASSERT_EQ(::setenv("JOURNAL_STREAM", stream.c_str(), 1), 0);
  LineWriter lines(writer_.get());
  ASSERT_EQ(::unsetenv("JOURNAL_STREAM"), 0);
  lines.write(Level::kInfo, "a");
  lines.write(Level::kWarning, "b");
  lines.write(Level::kError, "c");
  EXPECT_EQ(read_all(), "<6>a\n<4>b\n<3>c\n");
}

TEST(LineWriterClosed, ADescriptorThatIsClosedIsNoError) {
  LineWriter lines(-1);
  lines.write(Level::kInfo, "to nobody");
  EXPECT_EQ(lines.left_out(), 1U);
}

}  // namespace
}  // namespace lariat::base
