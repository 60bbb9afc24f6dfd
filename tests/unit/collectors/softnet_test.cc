#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/collectors/source_run.h"

namespace lariat::host {
namespace {

using test::SourceRun;
using testing::ElementsAre;

TEST(Softnet, ReadsHexadecimalOfEachCpu) {
  SourceRun run("softnet");
  EXPECT_THAT(run.collect(), ElementsAre("d node_softnet_processed_total cpu=0 299641",
                                         "d node_softnet_dropped_total cpu=0 0",
                                         "d node_softnet_times_squeezed_total cpu=0 1",
                                         "d node_softnet_processed_total cpu=1 916354",
                                         "d node_softnet_dropped_total cpu=1 41",
                                         "d node_softnet_times_squeezed_total cpu=1 10"));
  EXPECT_EQ(run.fault(), "");
}

}  // namespace
}  // namespace lariat::host
