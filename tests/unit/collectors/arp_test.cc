#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/collectors/source_run.h"

namespace lariat::host {
namespace {

using test::SourceRun;
using testing::ElementsAre;

TEST(Arp, CountsTheEntriesOfEachDevice) {
  SourceRun run("arp");
  EXPECT_THAT(run.collect(),
              ElementsAre("s node_arp_entries device=eth0 2", "s node_arp_entries device=eth1 1"));
  EXPECT_EQ(run.fault(), "");
}

}  // namespace
}  // namespace lariat::host
