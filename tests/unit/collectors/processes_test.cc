#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/collectors/source_run.h"

namespace lariat::host {
namespace {

using test::SourceRun;
using testing::ElementsAre;

TEST(Processes, CountsProcessesAndThreadsByState) {
  SourceRun run("processes");
  EXPECT_THAT(run.collect(),
              ElementsAre("s node_processes_threads 5", "s node_processes_max_threads 7801",
                          "s node_processes_pids 3", "s node_processes_max_processes 4194304",
                          "s node_processes_state state=R 1", "s node_processes_state state=S 1",
                          "s node_processes_state state=Z 1",
                          "s node_processes_threads_state thread_state=D 1",
                          "s node_processes_threads_state thread_state=R 1",
                          "s node_processes_threads_state thread_state=S 2",
                          "s node_processes_threads_state thread_state=Z 1"));
  EXPECT_EQ(run.fault(), "");
}

}  // namespace
}  // namespace lariat::host
