#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collectors/linux/device_names.h"
#include "tests/unit/collectors/posix_regex.h"
#include "tests/unit/collectors/source_run.h"

namespace lariat::host {
namespace {

using test::SourceRun;
using testing::ElementsAre;

TEST(Vmstat, TellsPagingFaultsAndKillsAlone) {
  SourceRun run("vmstat");
  EXPECT_THAT(run.collect(),
              ElementsAre("d node_vmstat_pgpgin 7344136", "d node_vmstat_pgpgout 1541180581",
                          "d node_vmstat_pswpin 1476", "d node_vmstat_pswpout 35045",
                          "d node_vmstat_pgfault 2320168809", "d node_vmstat_pgmajfault 507162",
                          "d node_vmstat_oom_kill 3"));
  EXPECT_EQ(run.fault(), "");
}

TEST(Vmstat, ChoosesAsTheRegularExpression) {
  const test::PosixRegex told("^(oom_kill|pgpg|pswp|pg.*fault).*");
  for (const char* key : {"oom_kill", "oom_kill_x", "oom", "pgpgin", "pgpg", "pswpin", "pswp",
                          "pgfault", "pgmajfault", "pgfaultx", "thp_fault", "pg", "pgfaul",
                          "xpgfault", "pfault", "pgsteal", ""}) {
    EXPECT_EQ(is_told_vmstat(key), told.finds(key)) << key;
  }
}

}  // namespace
}  // namespace lariat::host
