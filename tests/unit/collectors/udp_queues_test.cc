#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/collectors/source_run.h"

namespace lariat::host {
namespace {

using test::SourceRun;
using testing::ElementsAre;

TEST(UdpQueues, AddsUpTheSocketsOfEachProtocol) {
  SourceRun run("udp_queues");
  EXPECT_THAT(
      run.collect(),
      ElementsAre("s node_udp_queues ip=v4,queue=tx 22", "s node_udp_queues ip=v4,queue=rx 42",
                  "s node_udp_queues ip=v6,queue=tx 0", "s node_udp_queues ip=v6,queue=rx 3"));
  EXPECT_EQ(run.fault(), "");
}

}  // namespace
}  // namespace lariat::host
