#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/collectors/source_run.h"

namespace lariat::host {
namespace {

using test::SourceRun;
using testing::ElementsAre;

TEST(Entropy, TellsWhatThereIsAndHowMuchFits) {
  SourceRun run("entropy");
  EXPECT_THAT(run.collect(), ElementsAre("s node_entropy_available_bits 243",
                                         "s node_entropy_pool_size_bits 256"));
  EXPECT_EQ(run.fault(), "");
}

}  // namespace
}  // namespace lariat::host
