#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/collectors/source_run.h"

namespace lariat::host {
namespace {

using test::SourceRun;
using testing::UnorderedElementsAre;

TEST(Cgroup, TellsSlicesAndUnitsAndNothingBelowAUnit) {
  SourceRun run("cgroup");
  EXPECT_THAT(
      run.collect(),
      UnorderedElementsAre(
          "s cgroup_memory_bytes cgroup=/system.slice 94096",
          "s cgroup_memory_swap_bytes cgroup=/system.slice 0",
          "s cgroup_processes cgroup=/system.slice 9",
          "d cgroup_cpu_seconds_total cgroup=/system.slice 9",
          "d cgroup_cpu_user_seconds_total cgroup=/system.slice 0.9",
          "d cgroup_cpu_system_seconds_total cgroup=/system.slice 0.09",
          "d cgroup_cpu_throttled_periods_total cgroup=/system.slice 2",
          "d cgroup_cpu_throttled_seconds_total cgroup=/system.slice 1.5",
          "d cgroup_memory_oom_kills_total cgroup=/system.slice 1",
          "d cgroup_io_read_bytes_total cgroup=/system.slice 1100",
          "d cgroup_io_written_bytes_total cgroup=/system.slice 2200",
          "d cgroup_io_reads_total cgroup=/system.slice 33",
          "d cgroup_io_writes_total cgroup=/system.slice 44",
          "d cgroup_pressure_waiting_seconds_total cgroup=/system.slice,resource=cpu 2.5",
          "d cgroup_pressure_stalled_seconds_total cgroup=/system.slice,resource=cpu 0.5",
          "d cgroup_pressure_waiting_seconds_total cgroup=/system.slice,resource=io 2.5",
          "d cgroup_pressure_stalled_seconds_total cgroup=/system.slice,resource=io 0.5",
          "d cgroup_pressure_waiting_seconds_total cgroup=/system.slice,resource=memory 2.5",
          "d cgroup_pressure_stalled_seconds_total cgroup=/system.slice,resource=memory 0.5",
          "s cgroup_processes cgroup=/init.scope 1",
          "d cgroup_cpu_seconds_total cgroup=/init.scope 5e-06",
          "s cgroup_memory_bytes cgroup=/system.slice/ssh.service 74096",
          "s cgroup_memory_swap_bytes cgroup=/system.slice/ssh.service 0",
          "s cgroup_processes cgroup=/system.slice/ssh.service 7",
          "d cgroup_cpu_seconds_total cgroup=/system.slice/ssh.service 7",
          "d cgroup_cpu_user_seconds_total cgroup=/system.slice/ssh.service 0.7",
          "d cgroup_cpu_system_seconds_total cgroup=/system.slice/ssh.service 0.07",
          "d cgroup_cpu_throttled_periods_total cgroup=/system.slice/ssh.service 2",
          "d cgroup_cpu_throttled_seconds_total cgroup=/system.slice/ssh.service 1.5",
          "d cgroup_memory_oom_kills_total cgroup=/system.slice/ssh.service 1",
          "d cgroup_io_read_bytes_total cgroup=/system.slice/ssh.service 1100",
          "d cgroup_io_written_bytes_total cgroup=/system.slice/ssh.service 2200",
          "d cgroup_io_reads_total cgroup=/system.slice/ssh.service 33",
          "d cgroup_io_writes_total cgroup=/system.slice/ssh.service 44",
          "d cgroup_pressure_waiting_seconds_total cgroup=/system.slice/ssh.service,resource=cpu "
          "2.5",
          "d cgroup_pressure_stalled_seconds_total cgroup=/system.slice/ssh.service,resource=cpu "
          "0.5",
          "d cgroup_pressure_waiting_seconds_total cgroup=/system.slice/ssh.service,resource=io "
          "2.5",
          "d cgroup_pressure_stalled_seconds_total cgroup=/system.slice/ssh.service,resource=io "
          "0.5",
          "d cgroup_pressure_waiting_seconds_total "
          "cgroup=/system.slice/ssh.service,resource=memory 2.5",
          "d cgroup_pressure_stalled_seconds_total "
          "cgroup=/system.slice/ssh.service,resource=memory 0.5"));
  EXPECT_EQ(run.fault(), "");
}

TEST(Cgroup, AHostWithoutVersion2HasNoneAndSaysNoWord) {
  SourceRun run("cgroup", {.sys = "/nonexistent"});
  EXPECT_TRUE(run.collect().empty());
  EXPECT_EQ(run.fault(), sdk::kNotHere);
}

}  // namespace
}  // namespace lariat::host
