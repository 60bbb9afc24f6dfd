#include "agent/app/output.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>

#include "agent/base/unique_fd.h"

namespace lariat::app {
namespace {

/// An output into a pipe, and the end that a reader has.
class OutputTest : public testing::Test {
 protected:
  OutputTest() { ::signal(SIGPIPE, SIG_IGN); }

  static std::array<int, 2> pipe() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe(ends.data()), 0);
    return ends;
  }
  std::string read_all() const {
    std::string text;
    std::array<char, 65536> room;
    for (pollfd asked{.fd = reader_.get(), .events = POLLIN, .revents = 0};
         ::poll(&asked, 1, 0) == 1;) {
      const ssize_t got = ::read(reader_.get(), room.data(), room.size());
      if (got <= 0) break;
      text.append(room.data(), static_cast<std::size_t>(got));
    }
    return text;
  }

  std::array<int, 2> ends_ = pipe();
  base::UniqueFd reader_{ends_[0]};
  base::UniqueFd writer_{ends_[1]};
  loop::Loop loop_;
  int drained_ = 0;
  int error_ = 0;
  Output output_{
      loop_,
      ends_[1],
      {.on_drained = [this] { ++drained_; }, .on_failed = [this](int e) { error_ = e; }}};
};

TEST_F(OutputTest, WritesWhatWasGathered) {
  output_.buffer() += "one\n";
  output_.buffer() += "two\n";
  EXPECT_EQ(read_all(), "") << "not before it is flushed";
  output_.flush();
  EXPECT_EQ(read_all(), "one\ntwo\n");
  EXPECT_FALSE(output_.blocked());
  EXPECT_EQ(drained_, 0) << "it was never blocked";
}

TEST_F(OutputTest, IsBlockedByASlowReaderAndNeverWaits) {
  const std::string much(1'000'000, 'x');
  output_.buffer() += much;
  output_.flush();
  EXPECT_TRUE(output_.blocked());
  std::string got;
  for (int turns = 0; turns < 1000 && output_.blocked(); ++turns) {
    got += read_all();
    loop_.run_once();
  }
  got += read_all();
  EXPECT_EQ(got, much);
  EXPECT_EQ(drained_, 1);
  EXPECT_EQ(output_.pending(), 0U);
}

TEST_F(OutputTest, TellsThatTheReaderHasGone) {
  reader_.reset();
  output_.buffer() += "x";
  output_.flush();
  EXPECT_EQ(error_, EPIPE);
  EXPECT_TRUE(output_.failed());
  EXPECT_FALSE(output_.blocked());
}

TEST_F(OutputTest, TellsThatTheReaderHasGoneWithNothingToWrite) {
  loop_.run_ready();
  EXPECT_EQ(error_, 0);
  reader_.reset();
  loop_.run_once();
  EXPECT_EQ(error_, EPIPE);
}

TEST_F(OutputTest, LeavesTheDescriptorsFlagsAlone) {
  const int before = ::fcntl(writer_.get(), F_GETFL);
  output_.buffer() += "x";
  output_.flush();
  EXPECT_EQ(::fcntl(writer_.get(), F_GETFL), before);
}

TEST_F(OutputTest, GivesUpWhatIsDropped) {
  output_.buffer() += std::string(1'000'000, 'x');
  output_.flush();
  output_.drop();
  EXPECT_FALSE(output_.blocked());
  EXPECT_EQ(output_.pending(), 0U);
}

}  // namespace
}  // namespace lariat::app
