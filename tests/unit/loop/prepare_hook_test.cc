#include "agent/loop/prepare_hook.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>

#include "agent/loop/timer.h"
#include "tests/support/loop_driver.h"

namespace lariat::loop {
namespace {

using std::chrono::milliseconds;

TEST(PrepareHook, RunsAfterTheCallbacksOfATurnAndBeforeTheSleep) {
  Loop loop;
  std::string order;
  Timer one(loop, [&] { order += "a"; });
  Timer two(loop, [&] { order += "b"; });
  const PrepareHook hook(loop, [&] { order += "|"; });
  one.start(milliseconds(0));
  two.start(milliseconds(0));
  loop.run_ready();
  EXPECT_EQ(order.size(), 3U);
  loop.run_ready();
  EXPECT_EQ(order.back(), '|');
  EXPECT_EQ(order.front(), '|') << "before the first sleep too";
  EXPECT_EQ(order.size(), 4U) << "once in each turn, however many callbacks";
}

TEST(PrepareHook, DoesNotKeepTheLoopAlive) {
  Loop loop;
  const PrepareHook hook(loop, [] {});
  loop.run();
}

TEST(PrepareHook, IsNotCountedAsACallback) {
  Loop loop;
  int runs = 0;
  const PrepareHook hook(loop, [&] { ++runs; });
  loop.run_ready();
  EXPECT_EQ(runs, 1);
  for (const auto count : loop.stats().callbacks) EXPECT_EQ(count, 0U);
}

TEST(PrepareHook, RunsInTheReverseOrderOfTheirMaking) {
  Loop loop;
  std::string order;
  const PrepareHook first(loop, [&] { order += "1"; });
  const PrepareHook second(loop, [&] { order += "2"; });
  loop.run_ready();
  EXPECT_EQ(order, "21");
}

TEST(PrepareHook, DestroyedRunsNoMore) {
  Loop loop;
  auto hook = std::make_unique<PrepareHook>(loop, [] { FAIL() << "destroyed"; });
  hook.reset();
  loop.run_ready();
  loop.run();
}

TEST(PrepareHook, StartsATimerThatTheComingSleepHeeds) {
  Loop loop;
  bool fired = false;
  Timer soon(loop, [&] { fired = true; });
  const PrepareHook hook(loop, [&] {
    if (!fired) soon.start(milliseconds(1));
  });
  EXPECT_TRUE(test::run_until(
      loop, [&] { return fired; }, std::chrono::seconds(5)));
}

}  // namespace
}  // namespace lariat::loop
