#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/collectors/source_run.h"

namespace lariat::host {
namespace {

using test::SourceRun;
using testing::ElementsAre;

TEST(Os, TellsTheDistributionAndItsVersionAsANumber) {
  SourceRun run("os");
  EXPECT_THAT(run.collect(),
              ElementsAre("s node_os_info id=example,name=Example Linux,pretty_name=Example Linux "
                          "12 \"Name\",version_id=12 1",
                          "s node_os_version id=example,name=Example Linux 12"));
  EXPECT_EQ(run.fault(), "");
}

}  // namespace
}  // namespace lariat::host
