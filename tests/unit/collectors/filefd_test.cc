#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/collectors/source_run.h"

namespace lariat::host {
namespace {

using test::SourceRun;
using testing::ElementsAre;

TEST(Filefd, TellsOpenFilesAndTheirLimit) {
  SourceRun run("filefd");
  EXPECT_THAT(run.collect(), ElementsAre("s node_filefd_allocated 1824",
                                         "s node_filefd_maximum 9223372036854775808"));
  EXPECT_EQ(run.fault(), "");
}

}  // namespace
}  // namespace lariat::host
