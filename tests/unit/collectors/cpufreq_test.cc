#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/collectors/source_run.h"

namespace lariat::host {
namespace {

using test::SourceRun;
using testing::UnorderedElementsAre;

TEST(Cpufreq, IsInHertzAndWithoutWhatACpuDoesNotTell) {
  SourceRun run("cpufreq");
  EXPECT_THAT(run.collect(),
              UnorderedElementsAre("s node_cpu_frequency_hertz cpu=1 1200195000",
                                   "s node_cpu_frequency_max_hertz cpu=0 3.1e+09",
                                   "s node_cpu_frequency_max_hertz cpu=1 3.1e+09",
                                   "s node_cpu_frequency_min_hertz cpu=0 8e+08",
                                   "s node_cpu_frequency_min_hertz cpu=1 8e+08",
                                   "s node_cpu_scaling_frequency_hertz cpu=0 1219917000",
                                   "s node_cpu_scaling_frequency_hertz cpu=1 2219917000",
                                   "s node_cpu_scaling_frequency_max_hertz cpu=0 3.1e+09",
                                   "s node_cpu_scaling_frequency_max_hertz cpu=1 3.1e+09",
                                   "s node_cpu_scaling_frequency_min_hertz cpu=0 8e+08",
                                   "s node_cpu_scaling_frequency_min_hertz cpu=1 8e+08"));
  EXPECT_EQ(run.fault(), "");
}

}  // namespace
}  // namespace lariat::host
