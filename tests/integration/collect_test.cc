#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/integration/agent_run.h"
#include "tests/integration/receive_run.h"

namespace lariat::test {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kEveryKind = R"(#!/bin/sh
echo 'sample 1700000000 load 0.5 1.5'
echo 'no word that is known'
echo 'tally 1700000001 requests zone=b,area=a 3'
echo 'sample 1700000002 load nan'
echo 'delta 1700000003 octets if=eth0 18446744073709551615'
echo 'STATE 1700000004 web01:disk WARNING nearly full'
echo 'event 1700000005 login user=root logged in'
echo 'fact os=linux'
echo 'sample never load 1'
echo 'words for people' >&2
printf 'sample 1700000006 last 1'
)";
constexpr std::size_t kFrames = 7;

struct Collected {
  int status = -1;
  std::string frames;
  std::string words;
};

Collected collect(const std::vector<std::string>& arguments) {
  std::vector<std::string> words = {LARIAT_BINARY, "collect"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  Process process(words);
  const auto status = process.wait();
  return {status.value_or(-1), process.text(Process::Stream::kOut),
          process.text(Process::Stream::kErr)};
}

TEST(Collect, PrintsExactlyWhatTheAgentSendsAndWhyItRejectsTheRest) {
  ReceiveRun receive("tsdp://127.0.0.1:0", {});
  AgentRun agent(endpoints_member({receive.url()}) +
                 R"(, "interval": "23h", "collectors": {"directories": ["@DIR@/collectors.d"]})");
  agent.drop_in("every_kind", kEveryKind);
  std::string sent;
  for (std::size_t frames = 0; frames < kFrames;) {
    const auto line = receive.process().line(Process::Stream::kOut);
    ASSERT_TRUE(line.has_value()) << agent.log();
    if (line->starts_with('#')) continue;
    sent += *line + "\n";
    ++frames;
  }

  const std::string program = agent.path("collectors.d/every_kind");
  for (const auto& arguments :
       {std::vector<std::string>{program}, {"--config", agent.path("lariat.json"), "every_kind"}}) {
    SCOPED_TRACE(arguments.back());
    const auto collected = collect(arguments);
    EXPECT_EQ(collected.status, 0) << collected.words;
    EXPECT_EQ(collected.frames, sent);
    EXPECT_THAT(collected.words, HasSubstr("rejected (unknown-keyword): no word that is known\n"));
    EXPECT_THAT(collected.words, HasSubstr("rejected (bad-number): sample 1700000002 load nan\n"));
    EXPECT_THAT(collected.words, HasSubstr("rejected (bad-time): sample never load 1\n"));
    EXPECT_THAT(collected.words, HasSubstr("words for people\n"));
    EXPECT_THAT(collected.words, HasSubstr("7 frames, 3 rejected"));
  }
  const auto reading = agent.metrics();
  EXPECT_EQ(reading.count("lariat_collector_frames_total", {{"collector", "every_kind"}}), kFrames);
  EXPECT_EQ(reading.sum("lariat_collector_rejected_total", {{"collector", "every_kind"}}), 3);
  EXPECT_EQ(agent.end(), 0);
}

TEST(Collect, GivesAProgramWhatTheAgentsConfigurationSays) {
  TemporaryDirectory directory;
  const auto program = directory.file("mine");
  write_file(program,
             "#!/bin/sh\necho \"fact control=$LARIAT_CONTROL\"\n"
             "echo \"fact interval=$LARIAT_INTERVAL\"\n");
  ASSERT_EQ(Process({"chmod", "755", program}).wait(), 0);
  const auto config = directory.file("c.json");
  write_file(config, R"({"tags": {"env": "prod"}, "interval": "30s",
    "control": {"socket": "/run/of/a/test.sock"}})");
  const auto collected = collect({"--config", config, program});
  EXPECT_EQ(collected.status, 0) << collected.words;
  EXPECT_THAT(collected.frames, HasSubstr("/run/of/a/test.sock"));
  EXPECT_THAT(collected.frames, HasSubstr("env=prod"));
  EXPECT_THAT(collected.frames, HasSubstr(" 30\n"));
}

TEST(Collect, RunsOneThatIsDisabled) {
  TemporaryDirectory directory;
  const auto config = directory.file("c.json");
  write_file(config, R"({"collectors": {"run": {"off": {"enabled": false,
    "command": ["/bin/sh", "-c", "echo sample 1700000000 x 1"]}}}})");
  const auto collected = collect({"--config", config, "off"});
  EXPECT_EQ(collected.status, 0) << collected.words;
  EXPECT_THAT(collected.frames, HasSubstr("sample 1700000000 x "));
}

TEST(Collect, SaysHowARunWentWrong) {
  TemporaryDirectory directory;
  const auto program = directory.file("bad");
  write_file(program, "#!/bin/sh\necho sample 1700000000 x 1\nexit 3\n");
  ASSERT_EQ(Process({"chmod", "755", program}).wait(), 0);
  const auto failed = collect({program});
  EXPECT_EQ(failed.status, 1);
  EXPECT_THAT(failed.frames, HasSubstr("sample 1700000000 x "));
  EXPECT_THAT(failed.words, HasSubstr("ended with status 3"));

  const auto hangs = collect({"--timeout", "1s", "/bin/sleep", "1000"});
  EXPECT_EQ(hangs.status, 1);
  EXPECT_THAT(hangs.words, HasSubstr("did not end within 1s"));

  ASSERT_EQ(Process({"chmod", "777", program}).wait(), 0);
  EXPECT_THAT(collect({program}).words, HasSubstr("the agent would refuse it: " + program +
                                                  " may be written by its group and others"));
  const auto missing = collect({directory.file("none")});
  EXPECT_EQ(missing.status, 1);
  EXPECT_THAT(missing.words, HasSubstr("does not exist"));
}

TEST(Collect, FindsTheExamplesOfOneHeaderGoodAndTheAgentAsksThem) {
  const std::string folder = std::string(LARIAT_EXAMPLES) + "/";
  std::string run;
  for (const std::string name : {"load", "spool"}) {
    for (const std::string mode : {"oneshot", "stream"}) {
      const auto collected = collect({"--mode", mode, folder + name, "/"});
      EXPECT_EQ(collected.status, 0) << collected.words;
      EXPECT_THAT(collected.words, HasSubstr("3 frames, 0 rejected")) << name << mode;
    }
    run += (run.empty() ? "\"" : ", \"") + name + "\": {\"command\": [\"" + folder + name +
           "\", \"/\"], \"mode\": \"stream\"}";
  }
  AgentRun agent(
      R"("endpoints": {}, "interval": "1s", "collectors": {"directories": [], "run": {)" + run +
      "}}");
  const auto asked = agent.metrics_when([](const MetricsText& now) {
    return now.count("lariat_collector_runs_total", {{"collector", "load"}, {"result", "ok"}}) >=
               2 &&
           now.count("lariat_collector_runs_total", {{"collector", "spool"}, {"result", "ok"}}) >=
               2;
  });
  EXPECT_EQ(asked.sum("lariat_collector_restarts_total"), 0) << agent.log();
  EXPECT_EQ(asked.sum("lariat_collector_rejected_total"), 0) << agent.log();
  EXPECT_GE(asked.sum("lariat_collector_frames_total"), 12) << agent.log();
  EXPECT_EQ(agent.end(), 0);
}

TEST(Collect, FailsIfItsOutputCannotBeWritten) {
  Process shell(
      {"sh", "-c",
       std::string(LARIAT_BINARY) + " collect /bin/sh -c 'echo sample 1700000000 x 1' >/dev/full"});
  EXPECT_EQ(shell.wait(), 1);
  EXPECT_THAT(shell.text(Process::Stream::kErr), HasSubstr("not all frames could be written"));
}

TEST(Collect, SaysWhatTheMetricsPageMakesOfItsNames) {
  TemporaryDirectory directory;
  const auto program = directory.file("mine");
  write_file(program,
             "#!/bin/sh\necho 'sample 1 a-b x.y=1 1'\necho 'sample 1 a_b x_y=1 1'\n"
             "echo 'sample 2 a-b x.y=1 2'\necho 'sample 1 fine z=1 1'\n");
  ASSERT_EQ(Process({"chmod", "755", program}).wait(), 0);
  const auto collected = collect({program});
  EXPECT_EQ(collected.status, 0) << collected.words;
  EXPECT_THAT(collected.words, HasSubstr("/metrics shows the metric a-b as a_b\n"));
  EXPECT_THAT(collected.words, HasSubstr("/metrics shows the tag x.y as x_y\n"));
  EXPECT_THAT(collected.words, HasSubstr("/metrics shows as one series, a_b{x_y=\"1\"}:\n"));
  EXPECT_THAT(collected.words, HasSubstr("  sample a-b host="));
  EXPECT_THAT(collected.words, Not(HasSubstr("fine")));
  EXPECT_THAT(collected.words, HasSubstr("4 frames, 0 rejected, 3 series, format bolo, took "));
}

TEST(Collect, FindsOutTheFormatOrTakesItFromItsOption) {
  TemporaryDirectory directory;
  const auto program = directory.file("disk");
  write_file(program, "#!/bin/sh\necho 'DISK WARNING - full | /=1KB;2'\nexit 1\n");
  ASSERT_EQ(Process({"chmod", "755", program}).wait(), 0);
  const auto found = collect({program});
  EXPECT_EQ(found.status, 0) << found.words;
  EXPECT_THAT(found.frames, HasSubstr(" WARNING DISK WARNING - full\n"));
  EXPECT_THAT(found.frames, HasSubstr("label=/ 1024\n"));
  EXPECT_THAT(found.words, HasSubstr("disk: good; 3 frames, 0 rejected, 3 series, format nagios"));

  const auto told = collect({"--format", "influx", program});
  EXPECT_EQ(told.status, 1) << "its exit status is a failure then";
  EXPECT_EQ(told.frames, "");
  EXPECT_THAT(told.words, HasSubstr("rejected (missing-field): DISK WARNING"));
  EXPECT_THAT(told.words, HasSubstr("format influx"));
  EXPECT_EQ(collect({"--format", "xml", program}).status, 2);
}

}  // namespace
}  // namespace lariat::test
