#include "proto/filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lariat::proto {
namespace {

using testing::HasSubstr;

Filter parsed(const std::vector<std::string>& patterns) {
  return std::get<Filter>(Filter::parse(patterns));
}

std::string complaint(const std::vector<std::string>& patterns) {
  return std::get<std::string>(Filter::parse(patterns));
}

TEST(Filter, PassesANameThatAnyOfItsPatternsMatches) {
  const Filter filter = parsed({"node_cpu_* *", "load host=*", "disk? dev=sda,*"});
  EXPECT_TRUE(filter.matches("node_cpu_seconds cpu=0,host=a"));
  EXPECT_TRUE(filter.matches("load host=a"));
  EXPECT_FALSE(filter.matches("load cpu=0,host=a"));
  EXPECT_TRUE(filter.matches("disk1 dev=sda,host=a"));
  EXPECT_FALSE(filter.matches("disk dev=sda,host=a"));
  EXPECT_FALSE(filter.matches("node_memory host=a"));
}

TEST(Filter, OfNothingPassesEverything) {
  EXPECT_TRUE(Filter().matches("cpu host=a"));
  EXPECT_TRUE(parsed({"* *"}).matches("cpu host=a"));
}

TEST(Filter, SaysWhichPatternIsWrongAndWhatToWrite) {
  EXPECT_THAT(complaint({"load *", "node_cpu_*"}), HasSubstr("write \"node_cpu_* *\""));
  EXPECT_THAT(complaint({"cpu host=web*"}), HasSubstr("\"cpu host=web*\" is no pattern: a `*`"));
  EXPECT_THAT(complaint({" "}), HasSubstr("is empty"));
  EXPECT_THAT(complaint({}), HasSubstr("\"* *\""));
}

TEST(Filter, IsEqualToOneOfTheSamePatterns) {
  EXPECT_EQ(parsed({"cpu b=1,a=2"}), parsed({"cpu  a=2, b=1"}));
  EXPECT_NE(parsed({"cpu *"}), parsed({"cpu *", "load *"}));
}

}  // namespace
}  // namespace lariat::proto
