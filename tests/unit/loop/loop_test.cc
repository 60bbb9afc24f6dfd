#include "agent/loop/loop.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <thread>

#include "agent/base/unique_fd.h"
#include "agent/loop/io_watcher.h"
#include "agent/loop/timer.h"
#include "tests/support/loop_driver.h"

namespace lariat::loop {
namespace {

using std::chrono::milliseconds;

std::uint64_t count_of(const LoopStats& stats, CallbackKind kind) {
  return stats.callbacks.at(static_cast<std::size_t>(kind));
}

TEST(Loop, EndsWhenNothingIsWatched) {
  Loop loop;
  loop.run();
  EXPECT_EQ(loop.stats().wakeups, 0U);
}

TEST(Loop, SleepsUntilSomethingIsDue) {
  Loop loop;
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  const base::UniqueFd read_end(ends[0]);
  const base::UniqueFd write_end(ends[1]);
  IoWatcher silent(loop, CallbackKind::kRead, [] { FAIL() << "nobody wrote"; });
  silent.watch(read_end.get());
  silent.start();

  test::run_for(loop, milliseconds(200));
  EXPECT_EQ(loop.stats().wakeups, 1U) << "that of the end of the test";
  EXPECT_EQ(loop.stats().wakeups_idle, 0U);
  EXPECT_GE(loop.stats().wait, milliseconds(150));
}

TEST(Loop, CountsNoWakeUpWhenItDidNotSleep) {
  Loop loop;
  for (int turn = 0; turn < 100; ++turn) loop.run_ready();
  EXPECT_EQ(loop.stats().iterations, 100U);
  EXPECT_LE(loop.stats().wakeups, 1U) << "but for another process in the way";
}

TEST(Loop, CountsCallbacksByKind) {
  Loop loop;
  Timer timer(loop, [] {});
  timer.start(milliseconds(0));
  loop.run();
  timer.start(milliseconds(0));
  loop.run();
  EXPECT_EQ(count_of(loop.stats(), CallbackKind::kTimer), 2U);
  EXPECT_EQ(count_of(loop.stats(), CallbackKind::kRead), 0U);
}

TEST(Loop, StopsAfterThePresentTurn) {
  Loop loop;
  Timer timer(loop, [&loop] { loop.stop(); });
  Timer far(loop, [] { FAIL() << "not due for an hour"; });
  far.start(std::chrono::hours(1));
  timer.start(milliseconds(1));
  loop.run();
  EXPECT_TRUE(far.active());
}

TEST(Loop, TellsOneTimeAllThroughATurn) {
  Loop loop;
  base::Monotonic first;
  base::WallTime first_wall;
  Timer one(loop, [&] {
    first = loop.now();
    first_wall = loop.wall_now();
    const auto until = base::monotonic_now() + milliseconds(3);
    while (base::monotonic_now() < until) std::this_thread::yield();
    EXPECT_EQ(loop.now(), first);
    EXPECT_EQ(loop.wall_now(), first_wall);
  });
  one.start(milliseconds(1));
  loop.run();
  Timer two(loop, [&] { EXPECT_GE(loop.now() - first, milliseconds(3)); });
  two.start(milliseconds(1));
  loop.run();
  EXPECT_GE(loop.wall_now() - first_wall, milliseconds(3));
}

TEST(Loop, AccountsForAllOfItsTime) {
  const auto began = base::monotonic_now();
  Loop loop;
  test::run_for(loop, milliseconds(50));
  const auto stats = loop.stats();
  const auto lived = base::monotonic_now() - began;
  EXPECT_LE(stats.busy + stats.wait, lived);
  EXPECT_GE(stats.busy + stats.wait, milliseconds(50));
}

/// A loop with a pipe that is readable for ever, which costs a callback each turn.
class SpinTest : public testing::Test {
 protected:
  void SetUp() override {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe(ends.data()), 0);
    read_end_.reset(ends[0]);
    write_end_.reset(ends[1]);
    ASSERT_EQ(::write(write_end_.get(), "x", 1), 1);
    readable_.watch(read_end_.get());
    readable_.start();
    loop_.on_spin([this](std::uint64_t turns) { told_ = turns; });
  }
  void TearDown() override { readable_.stop(); }

  Loop loop_;
  base::UniqueFd read_end_;
  base::UniqueFd write_end_;
  bool idle_ = true;
  IoWatcher readable_{loop_, CallbackKind::kRead, [this] {
                        if (idle_) loop_.nothing_done();
                      }};
  std::uint64_t told_ = 0;
};

TEST_F(SpinTest, IsASecondWithManyTurnsThatDidNothing) {
  test::run_for(loop_, milliseconds(1100));
  EXPECT_GE(loop_.stats().spins, 1U);
  EXPECT_GT(told_, 10'000U);
}

TEST_F(SpinTest, IsNotASecondOfWork) {
  idle_ = false;
  test::run_for(loop_, milliseconds(1100));
  EXPECT_EQ(loop_.stats().spins, 0U);
  EXPECT_EQ(told_, 0U);
}

}  // namespace
}  // namespace lariat::loop
