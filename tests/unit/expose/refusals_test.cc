#include "agent/expose/refusals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace lariat::expose {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

class RefusalsTest : public testing::Test {
 protected:
  std::vector<std::string> lines_;
  base::Log log_{[this](base::Level, std::string_view line) { lines_.emplace_back(line); }};
  Refusals refusals_{log_};
};

TEST_F(RefusalsTest, CountsASeriesOnceAndTellsOfAFamilyOnce) {
  for (int i = 0; i < 3; ++i) {
    refusals_.refuse(1, "a", "a is no good");
    refusals_.refuse(2, "a", "a is no good");
  }
  EXPECT_EQ(refusals_.total(), 2U);
  EXPECT_THAT(lines_, ElementsAre("a is no good"));
}

TEST_F(RefusalsTest, IsSettledUntilSomethingChanges) {
  EXPECT_FALSE(refusals_.settled(1));
  refusals_.refuse(1, "a", "no");
  EXPECT_TRUE(refusals_.settled(1));
  refusals_.changed();
  EXPECT_FALSE(refusals_.settled(1));
  refusals_.refuse(1, "a", "no");
  EXPECT_TRUE(refusals_.settled(1));
  EXPECT_EQ(refusals_.total(), 1U);
}

TEST_F(RefusalsTest, OneThatWasLetInIsRefusedAnew) {
  refusals_.refuse(1, "a", "no");
  refusals_.admitted(1);
  refusals_.refuse(1, "a", "no");
  EXPECT_EQ(refusals_.total(), 2U);
}

TEST_F(RefusalsTest, TheLogIsToldOfSoManyFamiliesAndThenWhereToLook) {
  for (std::uint64_t i = 0; i < 1000; ++i) {
    refusals_.refuse(i, "family" + std::to_string(i), "no");
  }
  EXPECT_THAT(lines_, SizeIs(101));
  EXPECT_THAT(lines_.back(), testing::HasSubstr("lariat_series_refused_total"));
  EXPECT_EQ(refusals_.total(), 1000U);
}

TEST_F(RefusalsTest, ManyMoreThanItRemembersAreAllCounted) {
  for (std::uint64_t i = 0; i < 200'000; ++i) refusals_.refuse(i, "a", "no");
  EXPECT_EQ(refusals_.total(), 200'000U);
  EXPECT_FALSE(refusals_.settled(0)) << "the first are forgotten";
  EXPECT_TRUE(refusals_.settled(199'999));
}

}  // namespace
}  // namespace lariat::expose
