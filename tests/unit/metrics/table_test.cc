#include "agent/metrics/table.h"

#include <gmock/gmock.h>

#include <fstream>
#include <set>
#include <string>
#include <vector>

namespace lariat::metrics {
namespace {

using testing::ElementsAreArray;

// As a line of the fixture: name, type, keys.
std::string line_of(const Definition& definition) {
  std::string line(definition.name);
  line += definition.type == Type::kCounter ? " counter" : " gauge";
  char separator = ' ';
  for (const auto label : definition.labels) {
    line += separator;
    line += label;
    separator = ',';
  }
  return line;
}

std::vector<std::string> lines_of_fixture() {
  std::ifstream file(LARIAT_FIXTURES "/metric-names.txt");
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with('#')) lines.push_back(line);
  }
  return lines;
}

TEST(TableTest, HasTheNamesThatUsersDependOn) {
  std::vector<std::string> lines;
  for (const auto& definition : definitions()) lines.push_back(line_of(definition));
  EXPECT_THAT(lines, ElementsAreArray(lines_of_fixture()));
}

TEST(TableTest, FindsEachMetricUnderItsEnumerator) {
  EXPECT_EQ(definition(Metric::kBuildInfo).name, "lariat_build_info");
  EXPECT_EQ(definition(Metric::kLogFrames).name, "lariat_log_frames");
  EXPECT_EQ(definition(Metric::kLogFramesTotal).name, "lariat_log_frames_total");
  for (std::size_t i = 0; i < kMetricCount; ++i) {
    EXPECT_EQ(definition(static_cast<Metric>(i)).metric, static_cast<Metric>(i));
  }
}

TEST(TableTest, UsesNoNameTwice) {
  std::set<std::string_view> names;
  for (const auto& definition : definitions()) {
    EXPECT_TRUE(names.insert(definition.name).second) << definition.name;
  }
}

TEST(TableTest, EndsTheNamesOfCountersAloneInTotal) {
  for (const auto& definition : definitions()) {
    EXPECT_EQ(definition.name.ends_with("_total"), definition.type == Type::kCounter)
        << definition.name;
  }
}

TEST(TableTest, HasTheUnitInTheName) {
  for (const auto& definition : definitions()) {
    for (const std::string unit : {"seconds", "bytes"}) {
      EXPECT_EQ(definition.name.find("_" + unit) != std::string_view::npos, definition.unit == unit)
          << definition.name;
    }
  }
}

TEST(TableTest, SaysInASentenceWhatEachMetricMeans) {
  for (const auto& definition : definitions()) {
    EXPECT_TRUE(definition.help.ends_with('.')) << definition.name;
    EXPECT_EQ(definition.help.find_first_of("\n\\"), std::string_view::npos) << definition.name;
  }
}

}  // namespace
}  // namespace lariat::metrics
