#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/process.h"
#include "tests/unit/collectors/source_run.h"

namespace lariat::host {
namespace {

using test::fixture_paths;
using test::SourceRun;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(Meminfo, TellsBytesAndPlainCounts) {
  SourceRun run("meminfo");
  EXPECT_THAT(
      run.collect(),
      ElementsAre(
          "s node_memory_MemTotal_bytes 16042172416", "s node_memory_MemFree_bytes 450891776",
          "s node_memory_MemAvailable_bytes 9.216e+09", "s node_memory_Buffers_bytes 1044611072",
          "s node_memory_Active_anon_bytes 6628364288",
          "s node_memory_Inactive_file_bytes 1146880000", "s node_memory_NFS_Unstable_bytes 0",
          "s node_memory_HugePages_Total 4", "s node_memory_Hugepagesize_bytes 2097152",
          "s node_memory_DirectMap4k_bytes 325943296"));
  EXPECT_EQ(run.fault(), "");
}

TEST(Meminfo, AnEmptyLineOfAnOldKernelIsSkipped) {
  SourceRun run("meminfo", fixture_paths("old"));
  EXPECT_THAT(run.collect(),
              ElementsAre("s node_memory_MemTotal_bytes 1048576",
                          "s node_memory_MemFree_bytes 524288", "s node_memory_HugePages_Total 0"));
}

TEST(Meminfo, LinesThatComeAndGoKeepTheirNames) {
  const test::TemporaryDirectory folder;
  SourceRun run("meminfo", {.proc = folder.file("")});
  test::write_file(folder.file("meminfo"), "A: 1 kB\nB: 2 kB\nC: 3\n");
  EXPECT_THAT(run.collect(), ElementsAre("s node_memory_A_bytes 1024", "s node_memory_B_bytes 2048",
                                         "s node_memory_C 3"));
  test::write_file(folder.file("meminfo"), "C: 3\nNew(x): 1 kB\nA: 1 kB\n");
  EXPECT_THAT(run.collect(), ElementsAre("s node_memory_C 3", "s node_memory_New_x_bytes 1024",
                                         "s node_memory_A_bytes 1024"));
}

TEST(Meminfo, GarbageIsAFaultThatSaysTheLine) {
  SourceRun run("meminfo", fixture_paths("garbage"));
  (void)run.collect();
  EXPECT_THAT(run.fault(), HasSubstr("cpu0 12 x"));
}

}  // namespace
}  // namespace lariat::host
