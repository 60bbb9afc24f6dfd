#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/collectors/source_run.h"

namespace lariat::host {
namespace {

using test::SourceRun;
using testing::UnorderedElementsAre;

TEST(ThermalZone, TellsZonesAndWhatCoolsThem) {
  SourceRun run("thermal_zone");
  EXPECT_THAT(run.collect(), UnorderedElementsAre(
                                 "s node_cooling_device_cur_state name=0,type=Processor 0",
                                 "s node_cooling_device_cur_state name=1,type=intel_powerclamp -1",
                                 "s node_cooling_device_max_state name=0,type=Processor 10",
                                 "s node_cooling_device_max_state name=1,type=intel_powerclamp 50",
                                 "s node_thermal_zone_temp type=acpitz,zone=0 27.8",
                                 "s node_thermal_zone_temp type=x86_pkg_temp,zone=1 -44"));
  EXPECT_EQ(run.fault(), "");
}

TEST(ThermalZone, AHostWithoutHasNone) {
  SourceRun run("thermal_zone",
                {.proc = "/nonexistent", .sys = "/nonexistent", .root = "/nonexistent"});
  EXPECT_TRUE(run.collect().empty());
}

}  // namespace
}  // namespace lariat::host
