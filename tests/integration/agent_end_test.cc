#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/integration/agent_run.h"
#include "tests/integration/bench_run.h"
#include "tests/integration/number_source.h"
#include "tests/support/process.h"
#include "tests/support/test_receiver.h"

namespace lariat::test {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;

/// An agent with numbers, and a receiver that has stopped reading them.
class AgentEnd : public testing::Test {
 protected:
  // `grace` as it is configured. Begins with thousands of frames that wait.
  void start(const std::string& grace) {
    agent_ = std::make_unique<AgentRun>(
        "\"shutdown_grace\": \"" + grace + "\",\n" + endpoints_member({free_.url(), slow_.url()}) +
        ",\n\"collectors\": {\"directories\": [], \"run\": {" + numbers_member() + "}}");
    const NumberSource numbers(*agent_);
    slow_.pause_reading();
    const auto waits = [](const MetricsText& now) {
      return now.count("lariat_endpoint_frames_queued", {{"endpoint", "e1"}}) > 10'000;
    };
    ASSERT_TRUE(waits(agent_->metrics_when(waits)));
    count_ = numbers.stop();
  }

  TestReceiver free_;
  TestReceiver slow_{{.receive_buffer = 65'536}};
  std::unique_ptr<AgentRun> agent_;
  std::uint64_t count_ = 0;
};

TEST_F(AgentEnd, WhatIsQueuedIsDeliveredWithinTheGrace) {
  start("30s");
  const auto control = agent_->path("control.sock");
  EXPECT_TRUE(std::filesystem::exists(control));
  agent_->process().signal(SIGTERM);
  ASSERT_TRUE(agent_->says("ending"));
  slow_.resume_reading();
  EXPECT_EQ(agent_->process().wait(), 0);
  for (const auto* receiver : {&free_, &slow_}) {
    EXPECT_TRUE(wait_until([&] { return receiver->record().open == 0; }));
    EXPECT_EQ(receiver->numbers().missing_count(count_), 0U);
    EXPECT_EQ(receiver->record().frames, count_);
    EXPECT_EQ(receiver->record().cut, 0U);
    EXPECT_EQ(receiver->record().errors, 0U);
  }
  EXPECT_THAT(agent_->log(), Not(HasSubstr("ends with")));
  EXPECT_FALSE(std::filesystem::exists(control)) << "it takes its socket along";
}

TEST_F(AgentEnd, WhatIsLeftAfterTheGraceIsALineForEachEndpoint) {
  start("500ms");
  EXPECT_EQ(agent_->end(), 0);
  EXPECT_THAT(agent_->log(), HasSubstr("endpoint e1: ends with "));
  EXPECT_THAT(agent_->log(), Not(HasSubstr("endpoint e0: ends with ")));
  EXPECT_TRUE(wait_until([&] { return free_.record().open == 0; }));
  EXPECT_EQ(free_.numbers().missing_count(count_), 0U);
}

TEST_F(AgentEnd, ASecondSignalEndsItAtOnce) {
  start("10m");
  agent_->process().signal(SIGTERM);
  ASSERT_TRUE(agent_->says("ending"));
  EXPECT_TRUE(agent_->process().running());
  agent_->process().signal(SIGTERM);
  EXPECT_EQ(agent_->process().wait(), 0);
  EXPECT_THAT(agent_->log(), HasSubstr("endpoint e1: ends with "));
}

TEST(AgentOutput, ThatNobodyTakesAnyMoreIsNoEnd) {
  AgentRun agent("");
  agent.process().close_output(Process::Stream::kErr);
  agent.process().close_output(Process::Stream::kOut);
  const auto reloaded = [&](std::uint64_t good) {
    agent.process().signal(SIGHUP);
    const auto reading = agent.metrics_when([&](const MetricsText& now) {
      return now.count("lariat_config_last_reload_successful") == good;
    });
    return reading.count("lariat_config_last_reload_successful") == good;
  };
  agent.write_whole_configuration("{\"mistake\": 1}");
  EXPECT_TRUE(reloaded(0)) << "its lines have gone nowhere";
  agent.write_configuration("");
  EXPECT_TRUE(reloaded(1));
  EXPECT_EQ(agent.end(), 0);
}

TEST(AgentOutput, ClosedFromTheStartIsNoEnd) {
  const TemporaryDirectory folder;
  write_file(folder.file("lariat.json"),
             R"({"http": {"listen": "127.0.0.1:0"}, "collectors": {"directories": []},
                 "control": {"socket": ")" +
                 folder.file("s") + "\"}}");
  Process agent({"/bin/sh", "-c", "exec \"$@\" <&- >&- 2>&-", "sh", LARIAT_BINARY, "agent",
                 "--config", folder.file("lariat.json")});
  std::string answer;
  EXPECT_TRUE(wait_until([&] {
    Process status({LARIAT_BINARY, "status", "--json", "--socket", folder.file("s")});
    const bool good = status.wait() == 0;
    answer = status.text(Process::Stream::kOut);
    return good;
  }));
  ASSERT_TRUE(nlohmann::json::accept(answer));
  const auto http = nlohmann::json::parse(answer)["http"].get<std::string>();
  const auto port = static_cast<std::uint16_t>(std::stoi(http.substr(http.rfind(':') + 1)));
  EXPECT_EQ(http_get(port, "/-/healthy").status, 200);
  agent.signal(SIGTERM);
  EXPECT_EQ(agent.wait(), 0);
}

TEST(AgentOutput, ThatNobodyReadsDoesNotStopTheLoop) {
  const TestReceiver receiver;
  AgentRun agent(endpoints_member({receiver.url()}) +
                 ",\n\"collectors\": {\"directories\": [], \"run\": {" + numbers_member() + "}}");
  const NumberSource numbers(agent);
  numbers.wait_for_frames(100);
  std::string mistakes = "{";
  for (int i = 0; i < 1'000; ++i) {
    mistakes +=
        (i == 0 ? "\"" : ",\n\"") + std::string("no_such_key_") + std::to_string(i) + "\": 1";
  }
  agent.write_whole_configuration(mistakes + "}");
  // Ten times as much as a pipe holds. Nothing below reads it.
  for (int i = 0; i < 10; ++i) {
    agent.process().signal(SIGHUP);
    const auto tried = agent.metrics_when([&](const MetricsText& now) {
      return now.count("lariat_config_last_reload_successful") == 0;
    });
    EXPECT_EQ(tried.count("lariat_config_last_reload_successful"), 0U);
    numbers.wait_for_frames(100);
  }
  const auto frames = receiver.record().frames.load();
  EXPECT_TRUE(wait_until([&] { return receiver.record().frames > frames; }));
  const auto log = agent.log();
  EXPECT_THAT(log, HasSubstr("no_such_key_1"));
  EXPECT_EQ(agent.end(), 0);
}

}  // namespace
}  // namespace lariat::test
