#include "proto/legal_name.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

namespace lariat::proto {
namespace {

using testing::ElementsAre;

std::string metric(std::string_view name) {
  std::array<char, 64> room;
  return std::string(prometheus_name(name, room));
}

std::vector<std::string> labels(std::string_view name) {
  std::array<Label, kMaxNameEntries> room;
  std::array<char, kLabelStorage> storage;
  std::vector<std::string> written;
  for (const Label& label : prometheus_labels(name, room, storage)) {
    written.push_back(std::string(label.name) + '=' + std::string(label.value));
  }
  return written;
}

TEST(LegalName, KeepsWhatIsAllowedAndReplacesWhatIsNot) {
  EXPECT_EQ(metric("node_cpu:rate5m"), "node_cpu:rate5m");
  EXPECT_EQ(metric("web01.cpu-user"), "web01_cpu_user");
  EXPECT_EQ(metric("5min"), "_5min") << "a digit stays, behind a `_`";
  EXPECT_EQ(metric("caf\xc3\xa9"), "caf__");
}

TEST(LegalName, OfALabelHasNoColon) {
  std::array<char, 8> room;
  EXPECT_EQ(prometheus_label("a:b", room), "a_b");
}

TEST(LegalName, OfTwoLabelsThatGetAlikeTheFirstStays) {
  EXPECT_THAT(labels("m a-b=1,a.b=2,c=3"), ElementsAre("a_b=1", "c=3"));
  EXPECT_THAT(labels("m a=1,a=2"), ElementsAre("a=1"));
}

TEST(LegalName, OfTagsWithEscapesIsMadeOfTheirOctets) {
  EXPECT_THAT(labels("m 0\\,b=x\\=y,up"), ElementsAre("_0_b=x=y", "up="));
  EXPECT_THAT(labels("m a\\,=1,b\\*b=\\*\\,,cc=3"), ElementsAre("a_=1", "b_b=*,", "cc=3"));
}

TEST(LegalName, OfTheWorstNameFits) {
  std::string name = "m ";
  for (int i = 0; i < 64; ++i) {
    if (i > 0) name += ',';
    name +=
        '0' + std::string(1, static_cast<char>(i < 32 ? 'A' + i % 26 : 'a' + i % 26)) + "\\,=\\,";
  }
  name.resize(std::min(name.size(), kMaxNameLength));
  EXPECT_FALSE(labels(name).empty());
  EXPECT_THAT(labels("m 0" + std::string(4000, '-') + "=\\,\\,"), testing::SizeIs(1));
}

}  // namespace
}  // namespace lariat::proto
