#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/collectors/source_run.h"

namespace lariat::host {
namespace {

using test::fixture_paths;
using test::SourceRun;
using testing::ElementsAre;

TEST(Loadavg, TellsThreeLoads) {
  SourceRun run("loadavg");
  EXPECT_THAT(run.collect(),
              ElementsAre("s node_load1 0.21", "s node_load5 0.37", "s node_load15 1.39"));
}

TEST(Loadavg, MoreFieldsAreLeftOut) {
  SourceRun run("loadavg", fixture_paths("new"));
  EXPECT_THAT(run.collect(), ElementsAre("s node_load1 1", "s node_load5 2", "s node_load15 3"));
}

TEST(Loadavg, GarbageIsAFault) {
  SourceRun run("loadavg", fixture_paths("garbage"));
  (void)run.collect();
  EXPECT_EQ(run.fault(), "/proc/loadavg does not begin with three numbers");
}

}  // namespace
}  // namespace lariat::host
