#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

#include "tests/unit/collectors/source_run.h"

namespace lariat::host {
namespace {

using test::SourceRun;
using testing::ElementsAre;
using testing::StartsWith;

TEST(Time, TellsClockZoneAndClockSources) {
  // A zone without summer time, in the form that needs no data base.
  ::setenv("TZ", "XYZ-5:30", 1);  // NOLINT(concurrency-mt-unsafe): no other thread runs.
  SourceRun run("time");
  const auto before = static_cast<double>(std::time(nullptr));
  const auto lines = run.collect();
  const auto after = static_cast<double>(std::time(nullptr)) + 1;
  ::unsetenv("TZ");  // NOLINT(concurrency-mt-unsafe)
  EXPECT_THAT(lines,
              ElementsAre(StartsWith("s node_time_seconds "),
                          "s node_time_zone_offset_seconds time_zone=XYZ 19800",
                          "s node_time_clocksource_available_info clocksource=tsc,device=0 1",
                          "s node_time_clocksource_available_info clocksource=hpet,device=0 1",
                          "s node_time_clocksource_available_info clocksource=acpi_pm,device=0 1",
                          "s node_time_clocksource_current_info clocksource=tsc,device=0 1"));
  const double now = std::strtod(lines.at(0).substr(lines.at(0).rfind(' ')).c_str(), nullptr);
  EXPECT_GE(now, before);
  EXPECT_LE(now, after);
}

TEST(Time, AHostWithoutClockSourcesHasNoneAndNoFault) {
  SourceRun run("time", {.sys = "/nonexistent"});
  EXPECT_EQ(run.collect().size(), 2U);
  EXPECT_EQ(run.fault(), "");
}

}  // namespace
}  // namespace lariat::host
