#include "tests/support/allocations.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "collectors/linux/all.h"
#include "collectors/sdk/source.h"

namespace lariat::host {
namespace {

TEST(Allocations, ARoundOfAllSourcesMakesNoneOnceAllIsKnown) {
  sdk::Host host({});
  sdk::SourceSet sources(
      host, all_sources(), [](std::string_view sentence) { ADD_FAILURE() << sentence; },
      report_scrape);
  sdk::Answer answer;
  const auto round = [&] {
    answer.begin(1'700'000'000);
    sources.collect(answer);
    answer.end();
  };
  // Other programs come and go, and with them lines: so the best of some rounds.
  for (int i = 0; i < 3; ++i) round();
  std::uint64_t fewest = ~std::uint64_t{0};
  for (int i = 0; i < 20; ++i) {
    const auto before = test::allocations();
    round();
    fewest = std::min(fewest, test::allocations() - before);
  }
  EXPECT_GT(answer.count(), 100U);
  EXPECT_EQ(fewest, 0U);
}

}  // namespace
}  // namespace lariat::host
