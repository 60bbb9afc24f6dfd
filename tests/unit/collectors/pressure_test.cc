#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/collectors/source_run.h"

namespace lariat::host {
namespace {

using test::SourceRun;
using testing::ElementsAre;

TEST(Pressure, IsInSecondsAndWithoutAStalledCpu) {
  SourceRun run("pressure");
  EXPECT_THAT(run.collect(), ElementsAre("d node_pressure_cpu_waiting_seconds_total 14.036781",
                                         "d node_pressure_io_waiting_seconds_total 159.037802",
                                         "d node_pressure_io_stalled_seconds_total 159.229614",
                                         "d node_pressure_memory_waiting_seconds_total 4.2e-05",
                                         "d node_pressure_memory_stalled_seconds_total 3.1e-05"));
  EXPECT_EQ(run.fault(), "");
}

}  // namespace
}  // namespace lariat::host
