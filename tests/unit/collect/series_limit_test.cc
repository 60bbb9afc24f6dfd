#include "agent/collect/series_limit.h"

#include <gtest/gtest.h>

#include <string>

namespace lariat::collect {
namespace {

TEST(SeriesLimitTest, ANameThatIsInStaysGoodAndOneOverTheLimitIsRefused) {
  SeriesLimit limit(1000);
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(limit.admit("name " + std::to_string(i)));
  EXPECT_FALSE(limit.admit("one more"));
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(limit.admit("name " + std::to_string(i)));
  EXPECT_EQ(limit.size(), 1000U);
}

TEST(SeriesLimitTest, NamesNotSeenForThreeIntervalsMakeRoom) {
  SeriesLimit limit(2);
  EXPECT_TRUE(limit.admit("old"));
  EXPECT_TRUE(limit.admit("kept"));
  for (int i = 0; i < 3; ++i) {
    limit.next_interval();
    EXPECT_TRUE(limit.admit("kept"));
    EXPECT_FALSE(limit.admit("new")) << i;
  }
  limit.next_interval();
  EXPECT_TRUE(limit.admit("new"));
  EXPECT_TRUE(limit.admit("kept"));
  EXPECT_FALSE(limit.admit("old"));
}

}  // namespace
}  // namespace lariat::collect
