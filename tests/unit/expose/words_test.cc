#include "agent/expose/words.h"

#include <gtest/gtest.h>

namespace lariat::expose {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(WordsTest, TimesAreInUtcWithAFractionIfThereIsOne) {
  EXPECT_EQ(rfc3339(base::WallTime(milliseconds(0))), "1970-01-01T00:00:00Z");
  EXPECT_EQ(rfc3339(base::WallTime(milliseconds(1'700'000'000'007))), "2023-11-14T22:13:20.007Z");
  EXPECT_EQ(rfc3339(base::WallTime(milliseconds(-1))), "1969-12-31T23:59:59.999Z");
}

TEST(WordsTest, DurationsHaveTwoUnitsAtMost) {
  EXPECT_EQ(duration_words(milliseconds(0)), "0 s");
  EXPECT_EQ(duration_words(milliseconds(999)), "999 ms");
  EXPECT_EQ(duration_words(milliseconds(1500)), "1.5 s");
  EXPECT_EQ(duration_words(milliseconds(2000)), "2 s");
  EXPECT_EQ(duration_words(seconds(59)), "59 s");
  EXPECT_EQ(duration_words(seconds(60)), "1 min");
  EXPECT_EQ(duration_words(seconds(61)), "1 min 1 s");
  EXPECT_EQ(duration_words(seconds(3660)), "1 h 1 min");
  EXPECT_EQ(duration_words(hours(76)), "3 d 4 h");
}

TEST(WordsTest, AgesAreNeverNegative) {
  const base::WallTime now(seconds(1000));
  EXPECT_EQ(ago(std::nullopt, now), "never");
  EXPECT_EQ(ago(now - seconds(5), now), "5 s ago");
  EXPECT_EQ(ago(now, now), "now");
  EXPECT_EQ(ago(now + seconds(5), now), "now");
}

TEST(WordsTest, CountsAreGrouped) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1000), "1,000");
  EXPECT_EQ(grouped(1'234'567), "1,234,567");
}

}  // namespace
}  // namespace lariat::expose
