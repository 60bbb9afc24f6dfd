#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/integration/agent_run.h"
#include "tests/integration/receive_run.h"
#include "tests/support/test_receiver.h"

namespace lariat::test {
namespace {

using testing::HasSubstr;

constexpr std::string_view kLinux =
    R"("collectors": {"directories": [],
                      "run": {"linux": {"command": ["linux"], "mode": "stream"}}})";

TEST(Agent, ServesThisHostsNumbersAndItsOwn) {
  AgentRun agent(kLinux);
  const auto reading = agent.metrics_when(
      [](const MetricsText& now) { return now.find("node_load1").has_value(); }, "host");
  EXPECT_GT(reading.value("node_memory_MemTotal_bytes"), 0);
  const auto own = agent.metrics();
  EXPECT_EQ(own.count("lariat_collector_runs_total", {{"collector", "linux"}, {"result", "ok"}}),
            1U);
  EXPECT_EQ(agent.get("/-/healthy").status, 200);
  EXPECT_EQ(agent.get("/-/ready").status, 200);
  EXPECT_EQ(agent.end(), 0);
}

}  // namespace
}  // namespace lariat::test
