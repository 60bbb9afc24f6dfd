#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/integration/agent_run.h"
#include "tests/integration/bench_run.h"
#include "tests/integration/number_source.h"
#include "tests/integration/receive_run.h"
#include "tests/support/process.h"
#include "tests/support/test_receiver.h"

namespace lariat::test {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::SizeIs;

/// A collector that tells a fact each second.
std::string fact_member(const std::string& name, const std::string& fact) {
  return "\"" + name + R"(": {"command": ["/bin/echo", "fact )" + fact +
         R"("], "interval": "1s", "mode": "oneshot"})";
}

std::string collectors_member(const std::string& more = "") {
  return R"("collectors": {"directories": [], "run": {)" + numbers_member() +
         (more.empty() ? "" : ", ") + more + "}}";
}

std::string endpoint_member(const std::string& name, const TestReceiver& receiver) {
  return "\"" + name + "\": {\"url\": \"" + receiver.url() +
         R"(", "back_off": {"min": "10ms", "max": "100ms"}})";
}

std::string joined(const std::vector<std::string>& members) {
  std::string text;
  for (const auto& member : members) text += (text.empty() ? "" : ",\n") + member;
  return text;
}

/// Numbers flow to two endpoints that stay as they are, whatever else changes.
class ReloadTest : public testing::Test {
 protected:
  [[nodiscard]] std::string configuration(const std::vector<std::string>& endpoints = {},
                                          const std::string& collectors = "") const {
    std::vector<std::string> all = {endpoint_member("e0", a_), endpoint_member("e1", b_)};
    all.insert(all.begin() + 1, endpoints.begin(), endpoints.end());
    return "\"endpoints\": {" + joined(all) + "},\n" + collectors_member(collectors);
  }

  // Ends the numbers, and all have arrived: each once, on the one connection from the start.
  std::uint64_t expect_untouched(AgentRun& agent) {
    const NumberSource numbers(agent);
    const auto count = numbers.stop();
    const auto reading = agent.ledgers_at_rest();
    EXPECT_THAT(numbers.pids(), SizeIs(1)) << "the collector was left alone";
    EXPECT_EQ(reading.count("lariat_collector_restarts_total", {{"collector", "numbers"}}), 0U);
    std::size_t index = 0;
    for (const auto* receiver : {&a_, &b_}) {
      SCOPED_TRACE(endpoint_name(index));
      EXPECT_TRUE(wait_until([&] { return receiver->record().frames >= count; }));
      EXPECT_EQ(receiver->numbers().missing_count(count), 0U);
      EXPECT_EQ(receiver->record().frames, count) << "each came once";
      EXPECT_EQ(receiver->record().bad, 0U);
      EXPECT_EQ(receiver->record().connections, 1U);
      EXPECT_EQ(endpoint_count(reading, "connects", index), 1U);
      EXPECT_EQ(endpoint_count(reading, "write_wakeups_empty", index), 0U);
      ++index;
    }
    return count;
  }

  // Until the numbers flow at both.
  void wait_for_flow(AgentRun& agent) const {
    NumberSource(agent).wait_for_frames(5'000);
    EXPECT_TRUE(wait_until([&] { return a_.record().frames > 0 && b_.record().frames > 0; }));
  }

  TestReceiver a_;
  TestReceiver b_;
};

NumberSet numbers_of_both(const TestReceiver& one, const TestReceiver& other) {
  auto runs = one.runs();
  const auto more = other.runs();
  runs.insert(runs.end(), more.begin(), more.end());
  return NumberSet(runs);
}

TEST_F(ReloadTest, WhileFramesFlowADifferenceTouchesNothingElse) {
  TestReceiver old_place;
  TestReceiver new_place;
  TestReceiver removed;
  TestReceiver added;
  AgentRun agent(
      configuration({endpoint_member("moved", old_place), endpoint_member("removed", removed)},
                    joined({fact_member("edited", "version one"), fact_member("gone", "gone x")})));
  wait_for_flow(agent);
  const auto has_fact = [&](const std::string& name, const std::string& value) {
    return agent
               .metrics_when(
                   [&](const MetricsText& now) {
                     return now.find(name, {{"value", value}}).has_value();
                   },
                   "host")
               .find(name, {{"value", value}}) == 1.0;
  };
  EXPECT_TRUE(has_fact("version_info", "one"));
  EXPECT_TRUE(has_fact("gone_info", "x"));
  ASSERT_TRUE(
      wait_until([&] { return old_place.record().frames > 0 && removed.record().frames > 0; }));
  agent.watch_ledgers(milliseconds(500));

  ASSERT_TRUE(agent.reconfigure(
      configuration({endpoint_member("added", added), endpoint_member("moved", new_place)},
                    joined({fact_member("come", "come y"), fact_member("edited", "version two")}))))
      << agent.log();
  agent.watch_ledgers(milliseconds(500));
  EXPECT_TRUE(has_fact("version_info", "two"));
  EXPECT_TRUE(has_fact("come_info", "y"));
  ASSERT_TRUE(wait_until([&] { return added.record().frames > 0; }));

  const auto count = expect_untouched(agent);
  const auto reading = agent.ledgers();
  EXPECT_THAT(reading.label_values("lariat_endpoint_connected", "endpoint"),
              testing::UnorderedElementsAre("e0", "e1", "moved", "added"));
  EXPECT_THAT(reading.label_values("lariat_collector_frames_total", "collector"),
              testing::UnorderedElementsAre("numbers", "come", "edited"));
  EXPECT_EQ(ledger_of(reading, "moved").dropped, 0U);
  EXPECT_GT(new_place.record().frames, 0U);
  EXPECT_EQ(numbers_of_both(old_place, new_place).missing_count(count), 0U);
  // What was there of it at the time, from the start on; and from some number on all.
  EXPECT_THAT(removed.numbers().ranges(), SizeIs(1));
  EXPECT_EQ(removed.numbers().ranges().front().first, 0U);
  const auto of_added = added.numbers();
  ASSERT_THAT(of_added.ranges(), SizeIs(1));
  EXPECT_EQ(of_added.ranges().front().last, count - 1);
  EXPECT_EQ(added.record().frames, of_added.size());
  EXPECT_EQ(removed.record().bad + added.record().bad + new_place.record().bad, 0U);
  EXPECT_EQ(agent.end(), 0);
}

TEST_F(ReloadTest, ABadConfigurationIsToldAndTheOldOneGoesOn) {
  AgentRun agent(configuration());
  AgentRun other("");
  wait_for_flow(agent);
  const auto taken = std::to_string(a_.port());
  const auto good_members = configuration();
  struct Bad {
    std::string text;
    std::string told;
  };
  const std::vector<Bad> bad = {
      {"{\n  \"interval\": \"10s\"\n  \"tags\": {}\n}\n", "lariat.json:"},
      {"{\n  \"intervall\": \"10s\"\n}\n", "lariat.json:2:3: intervall: "},
      {"{\"endpoints\": {\"e\": {\n  \"url\": \"nowhere\"}}}",
       "lariat.json:2:10: endpoints.e.url: "},
      {"{\"http\": {\"listen\": \"127.0.0.1:" + taken +
           "\"},\n\"control\": {\"socket\": \"@DIR@/control.sock\"},\n" + good_members + "}",
       "127.0.0.1:" + taken},
      {"{\"http\": {\"listen\": \"localhost:0\"},\n\"control\": {\"socket\": \"" +
           other.path("control.sock") + "\"},\n" + good_members + "}",
       other.path("control.sock")},
  };
  for (const auto& one : bad) {
    SCOPED_TRACE(one.text);
    const auto said = agent.log().size();
    agent.write_whole_configuration(one.text);
    EXPECT_FALSE(agent.reload());
    EXPECT_THAT(agent.log().substr(said), HasSubstr(one.told));
    const auto reading = agent.watch_ledgers(milliseconds(200));
    EXPECT_EQ(reading.count("lariat_config_last_reload_successful"), 0U);
    EXPECT_THAT(agent.get("/status").body, HasSubstr("\"reload_error\": \""));
  }
  EXPECT_EQ(other.get("/-/healthy").status, 200) << "its socket was another's and stays so";
  EXPECT_TRUE(std::filesystem::exists(other.path("control.sock")));

  EXPECT_TRUE(agent.reconfigure(good_members)) << agent.log();
  EXPECT_EQ(agent.ledgers().count("lariat_config_last_reload_successful"), 1U);
  EXPECT_THAT(agent.get("/status").body, HasSubstr("\"reload_error\": null"));
  expect_untouched(agent);
  EXPECT_EQ(agent.end(), 0);
}

TEST_F(ReloadTest, AStormOfThemIsWeathered) {
  TestReceiver here;
  TestReceiver there;
  AgentRun agent(configuration({endpoint_member("moved", here)}, fact_member("edited", "v 0")));
  wait_for_flow(agent);
  for (int i = 1; i <= 20; ++i) {
    const auto& place = i % 2 == 0 ? here : there;
    agent.write_configuration(configuration({endpoint_member("moved", place)},
                                            fact_member("edited", "v " + std::to_string(i))));
    agent.process().signal(SIGHUP);
    agent.ledgers();
  }
  agent.watch_ledgers(milliseconds(500));
  EXPECT_TRUE(agent.reload()) << agent.log();
  EXPECT_EQ(agent.ledgers().count("lariat_config_last_reload_successful"), 1U);
  const auto twenty = agent.metrics_when(
      [](const MetricsText& now) {
        return now.find("v_info", {{"value", "20"}}).has_value();
      },
      "host");
  EXPECT_TRUE(twenty.find("v_info", {{"value", "20"}}));

  const auto count = expect_untouched(agent);
  const auto reading = agent.ledgers();
  EXPECT_EQ(numbers_of_both(here, there).missing_count(count), 0U);
  EXPECT_EQ(ledger_of(reading, "moved").dropped, 0U);
  EXPECT_EQ(reading.count("lariat_loop_spins_total"), 0U);
  EXPECT_EQ(agent.end(), 0);
}

TEST_F(ReloadTest, HttpMovesGoesAndComesBackOnTheSamePort) {
  AgentRun agent(configuration());
  wait_for_flow(agent);
  const auto port = std::to_string(agent.port());
  const auto with_http = [&](const std::string& http) {
    agent.write_whole_configuration("{\"http\": " + http +
                                    ",\n\"control\": {\"socket\": \"@DIR@/control.sock\"},\n" +
                                    configuration() + "}");
    return agent.reload();
  };
  const auto at = [&](const std::string& host) {
    return "{\"listen\": \"" + host + ":" + port + "\"}";
  };
  for (const auto* host : {"127.0.0.1", "localhost", "0.0.0.0", "127.0.0.1"}) {
    EXPECT_TRUE(with_http(at(host))) << agent.log();
    EXPECT_EQ(agent.get("/-/healthy").status, 200) << host;
    agent.ledgers();
  }
  EXPECT_TRUE(agent.says("metrics at http://0.0.0.0:" + port)) << "it tells where it is now";
  EXPECT_TRUE(with_http("null")) << agent.log();
  EXPECT_EQ(agent.get("/-/healthy").status, 0) << "nobody listens";
  EXPECT_TRUE(with_http(at("127.0.0.1"))) << agent.log();
  EXPECT_EQ(agent.get("/-/healthy").status, 200);
  expect_untouched(agent);
  EXPECT_EQ(agent.end(), 0);
}

TEST_F(ReloadTest, TheLogsBudgetShrinksAndGrows) {
  TestReceiver stuck({.receive_buffer = 65'536});
  const auto with_memory = [&](const std::string& size) {
    return "\"log\": {\"memory\": \"" + size + "\", \"segment\": \"256KiB\"},\n" +
           configuration({endpoint_member("stuck", stuck)});
  };
  AgentRun agent(with_memory("8MiB"));
  wait_for_flow(agent);
  stuck.pause_reading();
  const auto grown_over = [](std::uint64_t bytes) {
    return [bytes](const MetricsText& now) { return now.count("lariat_log_memory_bytes") > bytes; };
  };
  constexpr std::uint64_t kMiB = 1 << 20;
  ASSERT_TRUE(grown_over(4 * kMiB)(agent.metrics_when(grown_over(4 * kMiB))));
  EXPECT_TRUE(agent.reconfigure(with_memory("2MiB"))) << agent.log();
  const auto shrunk = agent.watch_ledgers(milliseconds(300));
  EXPECT_LE(shrunk.count("lariat_log_memory_bytes"), 2 * kMiB);
  EXPECT_GT(shrunk.count("lariat_endpoint_frames_dropped_total",
                         {{"endpoint", "stuck"}, {"reason", "evicted"}}),
            0U);
  EXPECT_TRUE(agent.reconfigure(with_memory("6MiB"))) << agent.log();
  EXPECT_TRUE(grown_over(3 * kMiB)(agent.metrics_when(grown_over(3 * kMiB))));
  stuck.resume_reading();
  const auto count = expect_untouched(agent);
  const auto ledger = ledger_of(agent.ledgers(), "stuck");
  EXPECT_TRUE(wait_until([&] { return stuck.record().frames >= ledger.delivered; }));
  EXPECT_EQ(stuck.numbers().missing_count(count), ledger.dropped);
  EXPECT_EQ(agent.end(), 0);
}

TEST_F(ReloadTest, TheControlSocketMovesAndCollectorsAreToldWhere) {
  AgentRun agent("");
  const auto with_socket = [&](const std::string& path) {
    agent.write_whole_configuration(
        R"({"http": {"listen": "127.0.0.1:0"}, "control": {"socket": ")" + path +
        R"("}, "collectors": {"directories": [], "run": {"env": {"interval": "1s",
            "command": ["/bin/sh", "-c", "echo fact control ${LARIAT_CONTROL##*/}"]}}}})");
    return agent.reload();
  };
  for (const auto* name : {"one.sock", "two.sock"}) {
    EXPECT_TRUE(with_socket(agent.path(name))) << agent.log();
    EXPECT_TRUE(std::filesystem::exists(agent.path(name)));
    const MetricsText::Labels told = {{"value", name}};
    const auto is_told = [&](const MetricsText& now) {
      return now.find("control_info", told).has_value();
    };
    EXPECT_TRUE(is_told(agent.metrics_when(is_told, "host"))) << name;
  }
  EXPECT_FALSE(std::filesystem::exists(agent.path("one.sock")));
  EXPECT_FALSE(std::filesystem::exists(agent.path("control.sock")));
  EXPECT_EQ(agent.end(), 0);
}

/// Two samples a second, as a receiver prints them.
class ReloadedNames : public testing::Test {
 protected:
  [[nodiscard]] std::string configuration(const std::string& tags, const std::string& match) const {
    return "\"tags\": {\"env\": \"" + tags + "\"},\n" + endpoints_member({receive_.url()}, match) +
           R"(, "collectors": {"directories": [], "run": {"two": {"interval": "1s",
                  "command": ["/bin/sh", "-c",
                    "now=$(date +%s); echo sample $now load 1; echo sample $now temp 2"]}}})";
  }
  // Everything printed from the first line on that has `text`; two more lines at least.
  std::vector<std::string> lines_from(const std::string& text) {
    std::vector<std::string> lines;
    while (lines.size() < 4) {
      const auto line = receive_.process().line(Process::Stream::kOut);
      if (!line) break;
      if (!lines.empty() || line->find(text) != std::string::npos) lines.push_back(*line);
    }
    EXPECT_THAT(lines, SizeIs(4));
    return lines;
  }

  ReceiveRun receive_{"tsdp://127.0.0.1:0", {}};
};

TEST_F(ReloadedNames, HaveTheNewTagsFromTheReloadOn) {
  AgentRun agent(configuration("old", ""));
  lines_from("env=old");
  EXPECT_TRUE(agent.reconfigure(configuration("new", ""))) << agent.log();
  EXPECT_THAT(lines_from("env=new"), testing::Each(HasSubstr("env=new")));
  EXPECT_EQ(endpoint_count(agent.ledgers(), "connects", 0), 1U);
  // There without the agent's tags; the series of the old name fades after three intervals.
  const auto one_left = [](const MetricsText& now) {
    return now.find("load").has_value() && now.series("load") == 1;
  };
  EXPECT_TRUE(one_left(agent.metrics_when(one_left, "host")));
  EXPECT_EQ(agent.end(), 0);
}

TEST_F(ReloadedNames, AreChosenByTheNewFilterFromTheReloadOn) {
  AgentRun agent(configuration("x", ""));
  lines_from(" temp ");
  EXPECT_TRUE(agent.reconfigure(configuration("y", R"(, "match": ["load *"])"))) << agent.log();
  EXPECT_THAT(lines_from("env=y"), testing::Each(HasSubstr(" load ")));
  const auto reading = agent.ledgers();
  EXPECT_EQ(endpoint_count(reading, "connects", 0), 1U);
  EXPECT_LT(endpoint_count(reading, "frames_accepted", 0),
            reading.count("lariat_log_frames_total"));
  EXPECT_EQ(agent.end(), 0);
}

}  // namespace
}  // namespace lariat::test
