#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <iostream>
#include <string>

#include "tests/integration/agent_run.h"
#include "tests/integration/bench_run.h"
#include "tests/support/process.h"
#include "tests/support/test_receiver.h"

namespace lariat::test {
namespace {

using std::chrono::milliseconds;

milliseconds a_minute() { return lasting(std::chrono::seconds(60), std::chrono::seconds(20)); }

std::uint64_t switches_of(AgentRun& agent) {
  return status_number(agent.process().pid(), "voluntary_ctxt_switches");
}

/// How much of it a reading costs, and what happens in the time, between two readings.
class Watch {
 public:
  explicit Watch(AgentRun& agent) : agent_(agent) {
    settle();
    first_ = agent_.metrics();
    settle();
    second_ = agent_.metrics();
    settle();
    switches_ = switches_of(agent_);
  }

  void last(milliseconds duration) {
    EXPECT_FALSE(agent_.process().wait(duration)) << "it is to be there for longer";
    switches_ = switches_of(agent_) - switches_;
    third_ = agent_.metrics();
  }
  [[nodiscard]] std::uint64_t switches() const noexcept { return switches_; }
  [[nodiscard]] double change(const std::string& name) const {
    return third_.sum(name) - second_.sum(name);
  }
  [[nodiscard]] double beside_reading(const std::string& name) const {
    return change(name) - (second_.sum(name) - first_.sum(name));
  }

 private:
  // What a reading leaves to do is done.
  void settle() { agent_.process().wait(milliseconds(300)); }

  AgentRun& agent_;
  MetricsText first_;
  MetricsText second_;
  MetricsText third_;
  std::uint64_t switches_ = 0;
};

void expect_nothing_in_vain(const Watch& watch) {
  EXPECT_EQ(watch.change("lariat_loop_wakeups_idle_total"), 0);
  EXPECT_EQ(watch.change("lariat_loop_spins_total"), 0);
  EXPECT_EQ(watch.change("lariat_endpoint_write_wakeups_empty_total"), 0);
}

void expect_small(AgentRun& agent, std::uint64_t log_kib) {
  if (kSanitized) return;
  const auto pid = agent.process().pid();
  const auto resident = status_number(pid, "VmRSS");
  const auto anonymous = status_number(pid, "RssAnon");
  std::cout << "resident " << resident << " KiB, of it anonymous " << anonymous << " KiB\n";
  EXPECT_LE(resident, 10U * 1024);
  EXPECT_LE(anonymous, 4U * 1024 + log_kib);
  EXPECT_EQ(status_number(pid, "Threads"), 1U);
}

TEST(AgentIdle, WithTheHostEveryTenSecondsAndThreeEndpointsItHardlyWakes) {
  const TestReceiver a;
  const TestReceiver b;
  const TestReceiver c;
  AgentRun agent("\"interval\": \"10s\",\n" + endpoints_member({a.url(), b.url(), c.url()}) +
                 R"(, "collectors": {"directories": ["@DIR@/collectors.d"], "run": {
                        "linux": {"command": ["linux"], "mode": "stream"}}})");
  const auto connected = agent.metrics_when([](const MetricsText& now) {
    return now.sum("lariat_endpoint_connected") == 3 && now.sum("lariat_collector_runs_total") >= 1;
  });
  ASSERT_EQ(connected.sum("lariat_endpoint_connected"), 3);
  const auto duration = a_minute();
  Watch watch(agent);
  watch.last(duration);
  std::cout << watch.switches() << " voluntary switches in " << duration.count() << " ms\n";
  // One round more than the time has may fall into it.
  const auto rounds = static_cast<std::uint64_t>(duration.count() / 10'000) + 1;
  EXPECT_LE(watch.switches(), std::min<std::uint64_t>(30, rounds * 5));
  expect_nothing_in_vain(watch);
  const auto end = agent.ledgers();
  expect_small(agent, end.count("lariat_log_memory_bytes") / 1024);
  EXPECT_EQ(end.sum("lariat_collector_late_total"), 0);
  EXPECT_EQ(agent.end(), 0);
}

TEST(AgentIdle, WithNothingToDoItNeverWakes) {
  AgentRun agent("\"collectors\": {\"directories\": [\"@DIR@/collectors.d\"]}");
  Watch watch(agent);
  watch.last(a_minute());
  expect_nothing_in_vain(watch);
  EXPECT_EQ(watch.switches(), 0U) << "by the kernel's count";
  // The turns of a loop that does not sleep; those that a reading takes are a few more or less.
  EXPECT_LE(watch.beside_reading("lariat_loop_iterations_total"), 5);
  expect_small(agent, 0);
  EXPECT_EQ(agent.end(), 0);
}

}  // namespace
}  // namespace lariat::test
