#include "proto/exposition_read.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

namespace lariat::proto {
namespace {

using Type = ExpositionValue::Type;
using testing::ElementsAre;
using testing::IsEmpty;

struct Read {
  std::vector<ExpositionValue> values;
  std::size_t refused = 0;
};

Read read(std::string_view text) {
  Read read;
  ExpositionReader reader(text);
  ExpositionValue value;
  while (reader.next(value)) read.values.push_back(value);
  read.refused = reader.refused();
  return read;
}

std::vector<std::string> labels_of(std::string_view labels) {
  std::vector<std::string> pairs;
  LabelWalk walk(labels);
  ExpositionLabel label;
  while (walk.next(label)) {
    std::string room(label.value.size(), '\0');
    pairs.push_back(std::string(label.name) + ": " +
                    std::string(unescape_label(label.value, room)));
  }
  return pairs;
}

TEST(ExpositionReader, ReadsNamesTypesAndValues) {
  const Read all = read(
      "# HELP a_total Things.\n# TYPE a_total counter\na_total 12\n"
      "# TYPE b gauge\nb{x=\"1\"} -0.5 1700000000000\n"
      "\n  c   +Inf\r\nlast{} 1e3");
  ASSERT_EQ(all.values.size(), 4U);
  EXPECT_EQ(all.refused, 0U);
  EXPECT_EQ(all.values[0].name, "a_total");
  EXPECT_EQ(all.values[0].value, 12);
  EXPECT_TRUE(all.values[0].cumulative());
  EXPECT_EQ(all.values[1].type, Type::kGauge);
  EXPECT_EQ(all.values[1].labels, "x=\"1\"");
  EXPECT_EQ(all.values[1].value, -0.5);
  EXPECT_FALSE(all.values[1].cumulative());
  EXPECT_EQ(all.values[2].type, Type::kUntyped) << "the type of another";
  EXPECT_TRUE(std::isinf(all.values[2].value));
  EXPECT_EQ(all.values[3].value, 1000);
}

TEST(ExpositionReader, KnowsWhatAHistogramAndASummaryAddUp) {
  const Read all = read(
      "# TYPE h histogram\nh_bucket{le=\"1\"} 2\nh_sum 3\nh_count 4\n"
      "# TYPE s summary\ns{quantile=\"0.5\"} 1\ns_sum 3\ns_counted 9\n");
  std::vector<bool> cumulative;
  for (const auto& value : all.values) cumulative.push_back(value.cumulative());
  EXPECT_THAT(cumulative, ElementsAre(true, true, true, false, true, false));
}

TEST(ExpositionReader, WhatStandsBehindTheFamilysNameDecides) {
  const Read all = read(
      "# TYPE r_count summary\nr_count{quantile=\"0.5\"} 1\nr_count_count 2\n"
      "# TYPE c counter\nc_total 3\nc_created 4\n");
  std::vector<bool> cumulative;
  for (const auto& value : all.values) cumulative.push_back(value.cumulative());
  EXPECT_THAT(cumulative, ElementsAre(false, true, true, false));
}

TEST(ExpositionReader, ATimeMayBeOfEitherFormatAndEndsAtAnExemplar) {
  const Read all = read("a 1 1700000000123 # {b=\"c\"} 1\na 1 # {} 1\n");
  ASSERT_EQ(all.values.size(), 2U);
  EXPECT_EQ(all.values[0].time, "1700000000123");
  EXPECT_EQ(all.values[1].time, "");
  EXPECT_EQ(exposition_seconds("1700000000123"), 1700000000U);
  EXPECT_EQ(exposition_seconds("1700000000"), 1700000000U);
  EXPECT_EQ(exposition_seconds("1700000000.999"), 1700000000U);
  for (const auto* bad : {"", "-5", "1.", "1.x", "x", "17000000001x3"}) {
    EXPECT_EQ(exposition_seconds(bad), std::nullopt) << bad;
  }
}

TEST(ExpositionReader, SkipsAndCountsWhatIsNoValue) {
  const Read all = read(
      "good 1\n9bad 1\nbad\nbad x\nbad{x} 1\nbad{x=\"1\" 1\nbad{x=\"1} 1\nbad{x=1} 1\n"
      "bad{x=\"1\"y=\"2\"} 1\nbad{=\"1\"} 1\nbad 1.2.3\n{\"a\": 1}\ngood{x=\"}\\\"\",} 2\n");
  ASSERT_EQ(all.values.size(), 2U);
  EXPECT_EQ(all.values[1].value, 2);
  EXPECT_EQ(all.refused, 11U);
}

TEST(ExpositionReader, TakesAnyOctets) {
  std::string text = "# TYPE a counter\na{b=\"c\\\\\",d=\"e\\n\"} 1\n";
  for (std::size_t at = 0; at < text.size(); ++at) {
    for (int octet = 0; octet < 256; ++octet) {
      std::string changed = text;
      changed[at] = static_cast<char>(octet);
      // Copied to its exact size, so that a sanitizer sees a read behind the end.
      const std::vector<char> cut(changed.begin(),
                                  changed.begin() + static_cast<std::ptrdiff_t>(at + 1));
      (void)read({cut.data(), cut.size()});
      for (const auto& value : read(changed).values) (void)labels_of(value.labels);
    }
  }
}

TEST(LabelWalk, ReadsEscapesAndBlanks) {
  EXPECT_THAT(labels_of(R"(a="1", b = "x\"y\\z\nw" ,c="",)"),
              ElementsAre("a: 1", "b: x\"y\\z\nw", "c: "));
  EXPECT_THAT(labels_of(""), IsEmpty());
  EXPECT_THAT(labels_of("a=\"1\",broken"), ElementsAre("a: 1"));
}

TEST(LabelWalk, ARoomThatIsTooSmallGetsAPart) {
  std::string room(2, '\0');
  EXPECT_EQ(unescape_label("a\\nb", room), "a\n");
  EXPECT_EQ(unescape_label("a\\", room), "a\\");
}

}  // namespace
}  // namespace lariat::proto
