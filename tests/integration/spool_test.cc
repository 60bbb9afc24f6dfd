// A real agent with a spool: its aggregator is away, it is killed, its disk is full.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/integration/agent_run.h"
#include "tests/support/process.h"
#include "tests/support/test_receiver.h"

namespace lariat::test {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

// Prints the numbers that it is told, once.
constexpr const char* kScript =
    "test -f @DIR@order || exit 0; read f t < @DIR@order; rm @DIR@order; n=$(date +%s); "
    "seq $f $t | sed \\\"s/^/sample $n bench series=0 /\\\"";

std::string members(const std::string& url, const std::string& spool, const std::string& more) {
  return R"("log": {"memory": "256KiB", "segment": "64KiB", "spool": {"directory": ")" + spool +
         R"(", "max_bytes": "64MiB", "sync": "100ms"}}, "endpoints": {"e": {"url": ")" + url +
         R"(", "back_off": {"min": "10ms", "max": "50ms"})" + more +
         R"(}}, "collectors": {"directories": ["@DIR@collectors.d"], "run": {"numbers": {
             "interval": "1s", "command": ["/bin/sh", "-c", ")" +
         kScript + R"("]}}})";
}

/// An agent with one collector, which prints numbered frames when it is told which.
class SpoolAgentTest : public testing::Test {
 protected:
  static std::string print_numbers(const AgentRun& agent, std::uint64_t first, std::uint64_t last) {
    const auto name = agent.path("order");
    std::ofstream(name + ".new") << first << ' ' << last << '\n';
    std::filesystem::rename(name + ".new", name);
    return name;
  }
  static void wait_for_frames(const AgentRun& agent, double frames) {
    const auto reading = agent.metrics_when(
        [&](const auto& now) { return now.value("lariat_log_frames_total") >= frames; });
    ASSERT_EQ(reading.value("lariat_log_frames_total"), frames);
    // The turn in which they came is over.
    ASSERT_EQ(agent.metrics().value("lariat_log_frames_total"), frames);
  }
  static double endpoint(const MetricsText& reading, const std::string& name) {
    return reading.value("lariat_endpoint_" + name, {{"endpoint", "e"}});
  }
  static double dropped(const MetricsText& reading, const std::string& reason) {
    return reading.value("lariat_endpoint_frames_dropped_total",
                         {{"endpoint", "e"}, {"reason", reason}});
  }
};

TEST_F(SpoolAgentTest, WhatCameWhileTheAggregatorWasAwayArrivesAfterAKill) {
  constexpr std::uint64_t kFrames = 20'000;  // Four times what memory holds.
  TestReceiver receiver({.started = false});
  AgentRun agent(members(receiver.url(), "@DIR@spool", ""));
  print_numbers(agent, 0, kFrames - 1);
  wait_for_frames(agent, kFrames);
  agent.kill();
  agent.start_again();
  auto reading = agent.metrics();
  EXPECT_EQ(endpoint(reading, "frames_queued"), kFrames);
  EXPECT_EQ(endpoint(reading, "frames_accepted_total"), kFrames);
  print_numbers(agent, kFrames, kFrames + 99);
  wait_for_frames(agent, 100);
  receiver.start();
  reading = agent.metrics_when(
      [&](const auto& now) { return endpoint(now, "frames_delivered_total") == kFrames + 100; });
  EXPECT_EQ(endpoint(reading, "frames_delivered_total"), kFrames + 100) << agent.log();
  EXPECT_EQ(endpoint(reading, "frames_queued"), 0);
  EXPECT_EQ(receiver.numbers().missing_count(kFrames + 100), 0U);
  EXPECT_EQ(receiver.record().frames, kFrames + 100) << "and nothing twice";
  EXPECT_EQ(receiver.record().bad, 0U);

  // In the order of an orderly end, nothing is left and nothing comes again.
  EXPECT_EQ(agent.end(), 0);
  agent.start_again();
  EXPECT_EQ(endpoint(agent.metrics(), "frames_queued"), 0);
  print_numbers(agent, kFrames + 100, kFrames + 100);
  EXPECT_TRUE(wait_until([&] { return receiver.record().frames == kFrames + 101; }))
      << receiver.record().frames;
}

TEST_F(SpoolAgentTest, AChangedSpoolIsRefusedAtAReload) {
  TestReceiver receiver;
  AgentRun agent(members(receiver.url(), "@DIR@spool", ""));
  EXPECT_FALSE(agent.reconfigure(members(receiver.url(), "@DIR@other", "")));
  EXPECT_TRUE(agent.says("log.spool is another: restart the agent to change it"));
  EXPECT_TRUE(agent.reconfigure(members(receiver.url(), "@DIR@spool", R"(, "max_age": "1d")")));
}

TEST_F(SpoolAgentTest, AFullDiskCostsDurabilityOnly) {
  TemporaryDirectory disk;
  if (::mount("tmpfs", disk.file("").c_str(), "tmpfs", 0, "size=512k,mode=0700") != 0) {
    GTEST_SKIP() << "only root may mount";
  }
  {
    TestReceiver receiver;
    AgentRun agent(members(receiver.url(), disk.file("spool"), ""));
    print_numbers(agent, 0, 29'999);
    wait_for_frames(agent, 30'000);
    const auto reading = agent.metrics_when([&](const auto& now) {
      return endpoint(now, "frames_queued") == 0 &&
             endpoint(now, "frames_accepted_total") == 30'000;
    });
    EXPECT_EQ(endpoint(reading, "frames_delivered_total") + dropped(reading, "evicted"), 30'000);
    EXPECT_EQ(endpoint(reading, "frames_queued"), 0);
    EXPECT_EQ(reading.value("lariat_log_spool_degraded"), 1);
    EXPECT_TRUE(agent.says("No space left on device"));
    EXPECT_EQ(agent.end(), 0);
  }
  EXPECT_EQ(::umount2(disk.file("").c_str(), MNT_DETACH), 0);
}

}  // namespace
}  // namespace lariat::test
