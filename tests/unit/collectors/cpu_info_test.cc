#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/temporary_directory.h"
#include "tests/unit/collectors/source_run.h"

namespace lariat::host {
namespace {

using test::SourceRun;
using testing::ElementsAre;

TEST(CpuInfo, IsOneForEachCpu) {
  SourceRun run("cpu_info");
  EXPECT_THAT(run.collect(),
              ElementsAre("s node_cpu_info cpu=0,model_name=Example CPU @ 2.00GHz 1",
                          "s node_cpu_info cpu=1,model_name=Example CPU @ 2.00GHz 1"));
}

TEST(CpuInfo, HasATagForEachOfItsLines) {
  const test::TemporaryDirectory folder;
  std::ofstream(folder.path() + "/cpuinfo") << "processor\t: 3\n"
                                               "vendor_id\t: GenuineIntel\n"
                                               "cpu family\t: 6\n"
                                               "model\t\t: 85\n"
                                               "model name\t: Xeon\n"
                                               "stepping\t: 7\n"
                                               "microcode\t: 0x1\n"
                                               "cpu MHz\t\t: 2400.1\n"
                                               "cache size\t: 1024 KB\n"
                                               "physical id\t: 1\n"
                                               "core id\t\t: 2\n";
  SourceRun run("cpu_info", {.proc = folder.path()});
  EXPECT_THAT(run.collect(),
              ElementsAre("s node_cpu_info cachesize=1024 KB,core=2,cpu=3,family=6,microcode=0x1,"
                          "model=85,model_name=Xeon,package=1,stepping=7,vendor=GenuineIntel 1"));
}

}  // namespace
}  // namespace lariat::host
