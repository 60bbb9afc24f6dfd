#include "agent/collect/start_places.h"

#include <gtest/gtest.h>

namespace lariat::collect {
namespace {

using std::chrono::milliseconds;

class StartPlacesTest : public testing::Test {
 protected:
  [[nodiscard]] bool is_free(bool lives_on = false) { return places_.is_free(lives_on, now_); }
  void take(std::uint32_t id, bool lives_on = false) { places_.take(id, lives_on, now_); }

  base::Monotonic now_{std::chrono::hours(1)};
  StartPlaces places_{2};
};

TEST_F(StartPlacesTest, OneThatHasEndedMakesRoom) {
  take(1);
  EXPECT_TRUE(is_free());
  take(2);
  EXPECT_FALSE(is_free());
  places_.leave(1, false);
  EXPECT_TRUE(is_free());
  EXPECT_EQ(places_.running(), 1U);
}

TEST_F(StartPlacesTest, OneThatWaitsForSomethingHoldsNobodyUpForLong) {
  take(1);
  now_ += milliseconds(4);
  take(2);
  EXPECT_FALSE(is_free());
  ASSERT_TRUE(places_.free_at().has_value());
  EXPECT_EQ(*places_.free_at() - now_, StartPlaces::kStarting - milliseconds(4));
  now_ = *places_.free_at();
  EXPECT_TRUE(is_free());
  take(3);
  EXPECT_FALSE(is_free()) << "the second began later";
}

TEST_F(StartPlacesTest, SoManyRunAndNoMoreHoweverLongTheyTake) {
  places_.set_most_running(3);
  for (std::uint32_t id = 1; id <= 3; ++id) {
    take(id);
    now_ += StartPlaces::kStarting;
  }
  EXPECT_FALSE(is_free());
  EXPECT_FALSE(places_.free_at().has_value()) << "time alone gives no place";
  places_.leave(2, false);
  EXPECT_TRUE(is_free());
}

TEST_F(StartPlacesTest, WhatLivesOnCountsWhileItStartsOnly) {
  places_.set_most_running(1);
  take(1, true);
  take(2, true);
  EXPECT_FALSE(is_free());
  now_ += StartPlaces::kStarting;
  EXPECT_TRUE(is_free());
  EXPECT_EQ(places_.running(), 0U);
  take(3);
  places_.leave(1, true);
  EXPECT_FALSE(is_free()) << "the oneshot still runs";
  take(4, true);
  EXPECT_FALSE(is_free(true)) << "two were started just now";
  ASSERT_TRUE(places_.free_at().has_value());
  now_ = *places_.free_at();
  EXPECT_TRUE(is_free(true)) << "it waits for no oneshot";
  EXPECT_FALSE(is_free());
}

TEST(UsualStarting, LetsHundredsThatAllWaitBeginWithinASecond) {
  constexpr int kMany = 500;
  StartPlaces places(StartPlaces::usual_starting());
  const base::Monotonic begin{std::chrono::hours(1)};
  auto now = begin;
  for (int id = 0; id < kMany; ++id) {
    if (!places.is_free(false, now)) {
      ASSERT_TRUE(places.free_at().has_value()) << id << " hold all places";
      now = *places.free_at();
    }
    places.take(static_cast<std::uint32_t>(id), false, now);
  }
  EXPECT_LT(now - begin, milliseconds(700)) << "the starts themselves take time too";
}

TEST(UsualStarting, IsSomeHoweverSmallTheMachine) { EXPECT_GE(StartPlaces::usual_starting(), 8U); }

}  // namespace
}  // namespace lariat::collect
