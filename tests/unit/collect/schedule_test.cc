#include "agent/collect/schedule.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace lariat::collect {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// A schedule and two clocks that are turned by hand.
class ScheduleTest : public testing::Test {
 protected:
  void pass(std::chrono::nanoseconds time) {
    now_.monotonic += time;
    now_.wall += std::chrono::duration_cast<milliseconds>(time);
  }
  void step(milliseconds by) { now_.wall += by; }
  // As the loop does: sleeps until something is due, and takes it.
  std::vector<Schedule::Due> next() {
    const auto wait = schedule_.until_next(now_.monotonic);
    EXPECT_TRUE(wait);
    pass(*wait);
    return schedule_.take_due(now_);
  }
  [[nodiscard]] milliseconds phase(milliseconds interval) const {
    return now_.wall.time_since_epoch() % interval;
  }

  Schedule::Now now_{base::Monotonic(seconds(1000)), base::WallTime(seconds(1'700'000'003))};
  Schedule schedule_{"web01"};
};

TEST_F(ScheduleTest, NothingIsDueWithoutCollectors) {
  EXPECT_FALSE(schedule_.until_next(now_.monotonic));
  EXPECT_TRUE(schedule_.take_due(now_).empty());
}

TEST_F(ScheduleTest, MomentsAreMultiplesOfTheIntervalPlusTheSplay) {
  schedule_.add(1, seconds(10), now_);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(next().size(), 1U);
    EXPECT_EQ(phase(seconds(10)), schedule_.splay() % seconds(10));
  }
}

TEST_F(ScheduleTest, ThoseOfTenAndOfSixtySecondsShareTheirWakeUps) {
  schedule_.add(1, seconds(10), now_);
  pass(milliseconds(1234));
  schedule_.add(2, seconds(60), now_);
  schedule_.add(3, seconds(10), now_);
  int wakeups = 0;
  int minutely = 0;
  const auto end = now_.monotonic + seconds(600);
  while (now_.monotonic < end) {
    const auto due = next();
    ++wakeups;
    EXPECT_GE(due.size(), 2U);
    for (const auto& one : due) minutely += one.id == 2 ? 1 : 0;
  }
  EXPECT_LE(wakeups, 61);
  EXPECT_GE(minutely, 9);
}

TEST_F(ScheduleTest, TheSplayIsOneHostsOwnAndStable) {
  std::set<milliseconds> splays;
  for (int i = 0; i < 100; ++i) {
    const Schedule host("host" + std::to_string(i));
    EXPECT_EQ(host.splay(), Schedule("host" + std::to_string(i)).splay());
    EXPECT_LT(host.splay(), seconds(60));
    EXPECT_GE(host.splay() % seconds(1), milliseconds(300));
    EXPECT_LT(host.splay() % seconds(1), milliseconds(800));
    splays.insert(host.splay());
  }
  EXPECT_GT(splays.size(), 95U);
}

TEST_F(ScheduleTest, WhatWasMissedIsDueOnceAndTheGridIsKept) {
  schedule_.add(1, seconds(10), now_);
  [[maybe_unused]] const auto first = next();
  pass(seconds(47));
  const auto due = schedule_.take_due(now_);
  ASSERT_EQ(due.size(), 1U);
  EXPECT_EQ(due[0].missed, 3U);
  EXPECT_LT(now_.monotonic - due[0].moment, seconds(10)) << "the last of them";
  EXPECT_TRUE(schedule_.take_due(now_).empty());
  EXPECT_EQ(next().at(0).missed, 0U);
  EXPECT_EQ(phase(seconds(10)), schedule_.splay() % seconds(10));
}

TEST_F(ScheduleTest, AClockSetBackStallsNothing) {
  schedule_.add(1, seconds(10), now_);
  [[maybe_unused]] const auto first = next();
  step(-seconds(3600));
  const auto before = now_.monotonic;
  EXPECT_EQ(next().size(), 1U);
  EXPECT_LE(now_.monotonic - before, seconds(10));
  EXPECT_EQ(next().size(), 1U);
  EXPECT_EQ(phase(seconds(10)), schedule_.splay() % seconds(10));
}

TEST_F(ScheduleTest, AClockSetForwardMultipliesNothing) {
  schedule_.add(1, seconds(10), now_);
  [[maybe_unused]] const auto first = next();
  step(seconds(3600) - milliseconds(20));  // The timer then ends just before the grid's moment.
  EXPECT_EQ(next().size(), 1U);
  EXPECT_GE(*schedule_.until_next(now_.monotonic), seconds(1));
  EXPECT_EQ(next().size(), 1U);
  EXPECT_EQ(phase(seconds(10)), schedule_.splay() % seconds(10));
}

TEST_F(ScheduleTest, OneThatIsRemovedIsNotDueAnyMore) {
  schedule_.add(1, seconds(10), now_);
  schedule_.add(2, seconds(10), now_);
  schedule_.remove(1);
  const auto due = next();
  ASSERT_EQ(due.size(), 1U);
  EXPECT_EQ(due[0].id, 2U);
}

}  // namespace
}  // namespace lariat::collect
