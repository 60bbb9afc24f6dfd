#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/collectors/source_run.h"

namespace lariat::host {
namespace {

using test::SourceRun;
using testing::ElementsAre;

TEST(Schedstat, IsInSecondsOfEachCpu) {
  SourceRun run("schedstat");
  EXPECT_THAT(run.collect(),
              ElementsAre("d node_schedstat_running_seconds_total cpu=0 2045936.778163039",
                          "d node_schedstat_waiting_seconds_total cpu=0 343796.328169361",
                          "d node_schedstat_timeslices_total cpu=0 4767485306",
                          "d node_schedstat_running_seconds_total cpu=1 1904686.152592476",
                          "d node_schedstat_waiting_seconds_total cpu=1 364107.263788241",
                          "d node_schedstat_timeslices_total cpu=1 5145567945"));
  EXPECT_EQ(run.fault(), "");
}

}  // namespace
}  // namespace lariat::host
