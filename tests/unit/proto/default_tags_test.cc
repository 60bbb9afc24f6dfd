#include "proto/default_tags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <random>
#include <string>

namespace lariat::proto {
namespace {

DefaultTags make(const std::map<std::string, std::string>& tags) {
  DefaultTags made;
  for (const auto& [key, value] : tags) EXPECT_EQ(made.set(key, value), NameError::kNone);
  return made;
}

/// The name with its tags, or `!` and the number of the error.
std::string tagged(std::string_view name, const DefaultTags& tags) {
  std::array<char, kMaxNameLength> room;
  const NameResult result = add_tags(name, tags, room);
  if (result) return std::string(result.name);
  return "!" + std::to_string(static_cast<int>(result.error));
}

std::string error(NameError error) { return "!" + std::to_string(static_cast<int>(error)); }

TEST(DefaultTags, AreAddedInOrderToANameThatLacksThem) {
  const DefaultTags tags = make({{"host", "h"}, {"env", "prod"}});
  EXPECT_EQ(tagged("cpu core=0", tags), "cpu core=0,env=prod,host=h");
  EXPECT_EQ(tagged("cpu zone=z,a=1", tags), "cpu a=1,env=prod,host=h,zone=z");
  EXPECT_EQ(tagged("cpu env,x", tags), "cpu env,host=h,x")
      << "its own tag wins, without a value too";
  EXPECT_EQ(tagged("cpu host=own", tags), "cpu env=prod,host=own");
}

TEST(DefaultTags, AreTheTagsOfABareMetric) {
  const DefaultTags tags = make({{"host", "h"}});
  EXPECT_EQ(tagged("node_load1", tags), "node_load1 host=h");
  EXPECT_EQ(tagged("web:load:1min", tags), "web:load:1min host=h");
  EXPECT_EQ(tagged("a=1,b", tags), "a=1,b host=h") << "not pairs only: a metric like any other";
  EXPECT_EQ(tagged("caf\xc3\xa9", tags), "caf\xc3\xa9 host=h") << "a metric takes any octet";
  EXPECT_EQ(tagged("node_load1", {}), error(NameError::kNoTags));
}

TEST(DefaultTags, JoinTheTagsOfAnOlderNameWhoseMetricIsOneOfThem) {
  const DefaultTags tags = make({{"host", "h"}});
  EXPECT_EQ(tagged("t=x,metric=cpu,m=no,name=no", tags), "cpu host=h,m=no,name=no,t=x");
  EXPECT_EQ(tagged("host=a,m=cpu", tags), "cpu host=a");
  EXPECT_EQ(tagged("name=hostname", tags), "hostname host=h");
  EXPECT_EQ(tagged("a=1", tags), "- a=1,host=h");
  EXPECT_EQ(tagged("a=b=c", tags), "- a=b\\=c,host=h") << "the value goes to the comma";
  EXPECT_EQ(tagged("a=x*y", tags), "- a=x\\*y,host=h");
  EXPECT_EQ(tagged("m=,a=1", tags), "- a=1,host=h,m") << "an empty metric is none";
  EXPECT_EQ(tagged("=1", tags), error(NameError::kEmptyTag));
  EXPECT_EQ(tagged("m=cpu", {}), error(NameError::kNoTags));
}

TEST(DefaultTags, NeverMakeANameOfAPattern) {
  const DefaultTags tags = make({{"host", "h"}});
  for (const auto* name : {"cpu *", "cpu a=*", "cpu a=1,*", "a=*", "host=*"}) {
    EXPECT_EQ(tagged(name, tags), error(NameError::kWildcard)) << name;
  }
}

TEST(DefaultTags, RefuseWhatIsNoName) {
  const DefaultTags tags = make({{"host", "h"}});
  EXPECT_EQ(tagged("", tags), error(NameError::kNoMetric));
  EXPECT_EQ(tagged("  ", tags), error(NameError::kNoMetric));
  EXPECT_EQ(tagged("cpu a=1,", tags), error(NameError::kEmptyTag));
  EXPECT_EQ(tagged(std::string_view("c\0u", 3), tags), error(NameError::kNul));
  EXPECT_EQ(tagged(std::string(4096, 'c'), tags), error(NameError::kTooLong));
}

TEST(DefaultTags, AreRefusedWhereTheNameWouldGetTooLongOrHaveTooMany) {
  const DefaultTags tags = make({{"host", "h"}});
  EXPECT_EQ(tagged("m k=" + std::string(4091 - 7, 'v'), tags).size(), 4095U);
  EXPECT_EQ(tagged("m k=" + std::string(4092 - 7, 'v'), tags), error(NameError::kTooLong));
  std::string name = "m a01";
  for (int i = 2; i <= 63; ++i) name += (i < 10 ? ",a0" : ",a") + std::to_string(i);
  EXPECT_EQ(tagged(name, tags), name + ",host=h");
  EXPECT_EQ(tagged(name + ",b", tags), error(NameError::kTooManyTags));
  EXPECT_EQ(tagged(name + ",host=own", tags), name + ",host=own");
}

TEST(DefaultTags, LeaveANameThatHasThemAllWhereItIs) {
  const DefaultTags tags = make({{"env", "p"}, {"host", "h"}});
  const std::string name = "cpu core=0,env=x,host=y";
  EXPECT_EQ(add_tags(name, tags, {}).name.data(), name.data());
}

TEST(DefaultTags, SpellTheirOctetsAsNamesDo) {
  const DefaultTags tags = make({{" site,a ", "Z\xc3\xbc"}});
  EXPECT_EQ(tagged("m", tags), "m site\\,a=Z\\\xc3\\\xbc");
  DefaultTags bad;
  EXPECT_EQ(bad.set("path", "a\\b"), NameError::kBackslash);
  EXPECT_EQ(bad.set(" ", "v"), NameError::kEmptyTag);
  EXPECT_EQ(bad.set("k", std::string_view("\0", 1)), NameError::kNul);
  EXPECT_TRUE(bad.empty());
}

TEST(DefaultTags, HoldEachKeyOnceWithItsLastValue) {
  DefaultTags tags = make({{"b", "1"}, {"a", "1"}});
  EXPECT_EQ(tags.set("b", "2"), NameError::kNone);
  EXPECT_EQ(tagged("m", tags), "m a=1,b=2");
}

// Against a slow and simple way: put all tags in a map, then write it.
TEST(DefaultTags, MergeLikeAMap) {
  std::mt19937 random(4);
  const auto some = [&random] {
    std::map<std::string, std::string> tags;
    for (auto i = random() % 5; i > 0; --i) {
      tags[std::string(1, static_cast<char>('a' + random() % 6))] = std::to_string(random() % 3);
    }
    return tags;
  };
  for (int i = 0; i < 5000; ++i) {
    auto own = some();
    const auto defaults = some();
    if (own.empty()) own["z"] = "1";
    std::string name = "m";
    for (const auto& [key, value] : own) name += (name == "m" ? ' ' : ',') + key + '=' + value;
    auto all = own;
    all.insert(defaults.begin(), defaults.end());
    std::string wanted = "m";
    for (const auto& [key, value] : all) wanted += (wanted == "m" ? ' ' : ',') + key + '=' + value;
    ASSERT_EQ(tagged(name, make(defaults)), wanted) << name;
    ASSERT_EQ(tagged(wanted, make(defaults)), wanted) << "added twice";
  }
}

}  // namespace
}  // namespace lariat::proto
