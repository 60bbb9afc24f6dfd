#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/collectors/source_run.h"

namespace lariat::host {
namespace {

using test::SourceRun;
using testing::ElementsAre;

TEST(Sockstat, TellsBothProtocolsAndMemoryInPagesAndOctets) {
  SourceRun run("sockstat");
  EXPECT_THAT(run.collect(),
              ElementsAre("s node_sockstat_sockets_used 229", "s node_sockstat_TCP_inuse 4",
                          "s node_sockstat_TCP_orphan 1", "s node_sockstat_TCP_tw 4",
                          "s node_sockstat_TCP_alloc 17", "s node_sockstat_TCP_mem 3",
                          "s node_sockstat_TCP_mem_bytes 12288", "s node_sockstat_UDP_inuse 2",
                          "s node_sockstat_UDP_mem 5", "s node_sockstat_UDP_mem_bytes 20480",
                          "s node_sockstat_UDPLITE_inuse 0", "s node_sockstat_RAW_inuse 1",
                          "s node_sockstat_FRAG_inuse 6", "s node_sockstat_FRAG_memory 4096",
                          "s node_sockstat_TCP6_inuse 17", "s node_sockstat_UDP6_inuse 9",
                          "s node_sockstat_UDPLITE6_inuse 0", "s node_sockstat_RAW6_inuse 1",
                          "s node_sockstat_FRAG6_inuse 2", "s node_sockstat_FRAG6_memory 8192"));
  EXPECT_EQ(run.fault(), "");
}

}  // namespace
}  // namespace lariat::host
