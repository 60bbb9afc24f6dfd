#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/collectors/source_run.h"

namespace lariat::host {
namespace {

using test::SourceRun;
using testing::UnorderedElementsAre;

TEST(Nvme, TellsEachDevice) {
  SourceRun run("nvme");
  EXPECT_THAT(
      run.collect(),
      UnorderedElementsAre("s node_nvme_info device=nvme0,firmware_revision=1B2QEXP7,model=Samsung "
                           "SSD 970 PRO 512GB,serial=S680HF8N190894I,state=live 1"));
  EXPECT_EQ(run.fault(), "");
}

}  // namespace
}  // namespace lariat::host
