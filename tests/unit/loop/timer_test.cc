#include "agent/loop/timer.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "tests/support/loop_driver.h"

namespace lariat::loop {
namespace {

using std::chrono::milliseconds;

TEST(Timer, IsNeverEarly) {
  Loop loop;
  std::vector<std::unique_ptr<Timer>> timers;
  int fired = 0;
  for (int i = 0; i < 50; ++i) {
    const auto delay = std::chrono::microseconds(300 * i + 137);
    const auto due = base::monotonic_now() + delay;
    timers.push_back(std::make_unique<Timer>(loop, [&fired, due] {
      ++fired;
      EXPECT_GE(base::monotonic_now(), due);
    }));
    timers.back()->start(delay);
  }
  loop.run();
  EXPECT_EQ(fired, 50);
}

TEST(Timer, CountsFromItsStartNotFromTheTurn) {
  Loop loop;
  base::Monotonic due;
  bool fired = false;
  Timer second(loop, [&] {
    fired = true;
    EXPECT_GE(base::monotonic_now(), due);
  });
  Timer first(loop, [&] {
    const auto until = base::monotonic_now() + milliseconds(20);  // A long turn.
    while (base::monotonic_now() < until) std::this_thread::yield();
    due = base::monotonic_now() + milliseconds(10);
    second.start(milliseconds(10));
  });
  first.start(milliseconds(1));
  loop.run();
  EXPECT_TRUE(fired);
}

TEST(Timer, FiresOnce) {
  Loop loop;
  int fired = 0;
  Timer timer(loop, [&] { ++fired; });
  timer.start(milliseconds(1));
  EXPECT_TRUE(timer.active());
  loop.run();
  EXPECT_FALSE(timer.active());
  test::run_for(loop, milliseconds(10));
  EXPECT_EQ(fired, 1);
}

TEST(Timer, StartedAgainIsMoved) {
  Loop loop;
  int fired = 0;
  Timer timer(loop, [&] { ++fired; });
  timer.start(milliseconds(1));
  timer.start(std::chrono::hours(1));
  test::run_for(loop, milliseconds(20));
  EXPECT_EQ(fired, 0);
  timer.start(milliseconds(1));
  EXPECT_TRUE(test::run_until(loop, [&] { return fired == 1; }));
}

TEST(Timer, StoppedDoesNotFire) {
  Loop loop;
  Timer timer(loop, [] { FAIL() << "stopped"; });
  timer.start(milliseconds(1));
  timer.stop();
  test::run_for(loop, milliseconds(10));
}

TEST(Timer, StartsItselfAgain) {
  Loop loop;
  int fired = 0;
  Timer timer(loop, [&] {
    if (++fired < 5) timer.start(milliseconds(1));
  });
  timer.start(milliseconds(1));
  loop.run();
  EXPECT_EQ(fired, 5);
}

TEST(Timer, OfNoOrNegativeDelayIsDueAtOnce) {
  Loop loop;
  int fired = 0;
  Timer zero(loop, [&] { ++fired; });
  Timer negative(loop, [&] { ++fired; });
  zero.start(milliseconds(0));
  negative.start(milliseconds(-5));
  EXPECT_EQ(fired, 0) << "not from within start";
  loop.run_ready();
  EXPECT_EQ(fired, 2);
}

TEST(Timer, CostsOneWakeUp) {
  Loop loop;
  Timer timer(loop, [] {});
  timer.start(milliseconds(30));
  loop.run();
  EXPECT_EQ(loop.stats().wakeups, 1U);
  EXPECT_EQ(loop.stats().wakeups_idle, 0U);
}

}  // namespace
}  // namespace lariat::loop
