#include "agent/publish/spool_catalog.h"

#include <gtest/gtest.h>

#include "tests/unit/publish/spool_fixture.h"

namespace lariat::publish {
namespace {

constexpr SpoolPlace kEnd{1'000, 100};

SpoolStored stored(std::uint64_t from, std::uint64_t to) {
  const SpoolExtent range{{from, from / 10}, {to, to / 10}};
  return {.range = range,
          .extents = {range},
          .file_bytes = 4096 + to - from,
          .last_time = seconds_after_start(static_cast<std::int64_t>(to))};
}

TEST(SpoolCatalogTest, TellsExtentsAndGapsUpToTheNext) {
  SpoolCatalog catalog;
  EXPECT_EQ(catalog.find(5, kEnd).extent.to, kEnd);
  catalog.add(stored(100, 200));
  catalog.add(stored(200, 300));
  catalog.add(stored(500, 600));
  EXPECT_FALSE(catalog.find(50, kEnd).stored);
  EXPECT_EQ(catalog.find(50, kEnd).extent.to, (SpoolPlace{100, 10}));
  EXPECT_EQ(catalog.find(199, kEnd).extent, stored(100, 200).range);
  EXPECT_EQ(catalog.find(200, kEnd).extent, stored(200, 300).range);
  const auto gap = catalog.find(300, kEnd);
  EXPECT_FALSE(gap.stored || gap.damaged);
  EXPECT_EQ(gap.extent.to, (SpoolPlace{500, 50}));
  EXPECT_EQ(catalog.find(600, kEnd).extent.to, kEnd);
  catalog.set_damaged_before(400);
  EXPECT_TRUE(catalog.find(300, kEnd).damaged);
  EXPECT_FALSE(catalog.find(600, kEnd).damaged);
  EXPECT_EQ(catalog.bytes(), 3U * 4096 + 300);
  EXPECT_EQ(catalog.first_after(seconds_after_start(250))->range, stored(200, 300).range);
  EXPECT_EQ(catalog.first_after(seconds_after_start(600)), nullptr);
}

TEST(SpoolCatalogTest, AHoleInAFileIsADamagedGap) {
  SpoolCatalog catalog;
  catalog.add(stored(100, 200));
  catalog.add(stored(200, 300));
  catalog.set_findings(100, {200, 20}, {{{100, 10}, {130, 13}}, {{160, 16}, {180, 18}}});
  EXPECT_TRUE(catalog.find(129, kEnd).stored);
  const auto hole = catalog.find(130, kEnd);
  EXPECT_TRUE(!hole.stored && hole.damaged);
  EXPECT_EQ(hole.extent.to, (SpoolPlace{160, 16}));
  const auto tail = catalog.find(180, kEnd);
  EXPECT_TRUE(!tail.stored && tail.damaged);
  EXPECT_EQ(tail.extent.to, (SpoolPlace{200, 20}));
  catalog.remove(100);
  EXPECT_EQ(catalog.find(130, kEnd).extent.to, (SpoolPlace{200, 20}));
}

}  // namespace
}  // namespace lariat::publish
