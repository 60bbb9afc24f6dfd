#include "agent/expose/series_table.h"

#include <gtest/gtest.h>

#include <string>

namespace lariat::expose {
namespace {

using proto::Payload;

class SeriesTableTest : public testing::Test {
 protected:
  static SeriesText looks(const std::string& family, const std::string& labels) {
    return {family, proto::FamilyType::kGauge, labels};
  }
  Series& add(const std::string& name, const SeriesText& text) {
    return table_.add(name, Payload::kSample, SeriesTable::hash_of(name, Payload::kSample), text);
  }
  Series* find(const std::string& name, Payload kind = Payload::kSample) {
    return table_.find(name, kind, SeriesTable::hash_of(name, kind));
  }

  SeriesTable table_;
};

TEST_F(SeriesTableTest, FindsByNameAndKindAndByLook) {
  Series& series = add("a x=1", looks("a", "x=\"1\""));
  EXPECT_EQ(find("a x=1"), &series);
  EXPECT_EQ(find("a x=2"), nullptr);
  EXPECT_EQ(find("a x=1", Payload::kDelta), nullptr);
  EXPECT_EQ(table_.find_alike(looks("a", "x=\"1\"")), &series);
  EXPECT_EQ(table_.find_alike(looks("b", "x=\"1\"")), nullptr);
  EXPECT_FALSE(table_.find_other_type(looks("a", "")));
  EXPECT_TRUE(table_.find_other_type({"a", proto::FamilyType::kCounter, ""}));
}

TEST_F(SeriesTableTest, ManyComeAndGoInAnyOrder) {
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 1000; ++i) {
      const auto number = std::to_string(i);
      add("a x=" + number, looks("a" + std::to_string(i % 7), "x=\"" + number + "\""));
    }
    EXPECT_EQ(table_.size(), 1000U);
    EXPECT_EQ(table_.families().size(), 7U);
    table_.remove_if([](const Series& series) { return series.name().ends_with('3'); });
    EXPECT_EQ(table_.size(), 900U);
    EXPECT_EQ(find("a x=13"), nullptr);
    ASSERT_NE(find("a x=14"), nullptr);
    EXPECT_EQ(find("a x=14")->name(), "a x=14");
    table_.remove_if([](const Series&) { return true; });
    EXPECT_EQ(table_.size(), 0U);
    EXPECT_TRUE(table_.families().empty());
  }
}

TEST_F(SeriesTableTest, AFactIsBehindTheLabelsAndNoPartOfTheLook) {
  Series& series = add("a x=1", looks("a_info", "x=\"1\""));
  table_.set_fact(series, ",value=\"2\"");
  table_.set_fact(series, ",value=\"3\"");
  EXPECT_EQ(series.all_labels(), "x=\"1\",value=\"3\"");
  EXPECT_EQ(table_.find_alike(looks("a_info", "x=\"1\"")), &series);
  EXPECT_EQ(find("a x=1"), &series);
}

}  // namespace
}  // namespace lariat::expose
