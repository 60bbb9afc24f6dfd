#include "agent/config/collectors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/config/support.h"

namespace lariat::config {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;

LoadedCollector collector(std::string_view text, std::string_view name = "x") {
  return parse_collector(text, "/d/x.json", name, seconds(30), FakeHost().surroundings());
}

TEST(Collectors, HaveDefaultsForAllButTheCommand) {
  const auto loaded = collector(R"({"command": ["/opt/x.sh"]})");
  ASSERT_TRUE(loaded.collector);
  const Collector expected{.name = "x",
                           .command = {"/opt/x.sh"},
                           .interval = seconds(30),
                           .timeout = seconds(30),
                           .origin = "/d/x.json"};
  EXPECT_EQ(*loaded.collector, expected);
}

TEST(Collectors, TakeEachKey) {
  const auto loaded = collector(
      R"({"command": ["linux", "@@a", "@hostname"], "mode": "stream", "format": "tsdp",
          "interval": "1m", "timeout": "1500ms", "env": {"B": "1", "A": ""}, "user": "daemon",
          "nice": 19, "ionice": "best-effort:7", "max_memory": "1GiB", "max_cpu": "2m",
          "max_files": 64, "max_processes": 9, "max_series": 5, "max_frames": 6,
          "max_output": "1MiB",
          "max_line": "1KiB", "expose": false, "enabled": false})");
  ASSERT_TRUE(loaded.collector) << testing::PrintToString(lines(loaded.mistakes));
  const auto& got = *loaded.collector;
  EXPECT_THAT(got.command, ElementsAre("/usr/lib/lariat/collectors/linux", "@a", "web1"));
  EXPECT_EQ(got.mode, Mode::kStream);
  EXPECT_EQ(got.format, OutputFormat::kTsdp);
  EXPECT_EQ(got.interval, seconds(60));
  EXPECT_EQ(got.timeout, std::chrono::milliseconds(1500));
  EXPECT_THAT(got.env, ElementsAre(testing::Pair("B", "1"), testing::Pair("A", "")));
  EXPECT_EQ(got.user, "daemon");
  EXPECT_EQ(got.nice, 19);
  EXPECT_EQ(got.ionice, (IoPriority{.idle = false, .level = 7}));
  EXPECT_EQ(got.max_memory, std::uint64_t{1} << 30U);
  EXPECT_EQ(got.max_cpu, std::chrono::seconds(120));
  EXPECT_EQ(got.max_files, 64U);
  EXPECT_EQ(got.max_processes, 9U);
  EXPECT_EQ(got.max_series, 5U);
  EXPECT_EQ(got.max_frames, 6U);
  EXPECT_EQ(got.max_output, 1U << 20U);
  EXPECT_EQ(got.max_line, 1024U);
  EXPECT_FALSE(got.expose);
  EXPECT_FALSE(got.enabled);
}

TEST(Collectors, HaveTheirIntervalAsTimeout) {
  EXPECT_EQ(collector(R"({"command": ["/x"], "interval": "1m"})").collector->timeout, seconds(60));
}

TEST(Collectors, InAFileOfTheirOwnAreCalledByNames) {
  EXPECT_THAT(lines(collector(R"({"command": ["/x"]})", "a b").mistakes),
              ElementsAre("/d/x.json: \"a b\" cannot be the name of a collector; call the file by "
                          "another: write 1 to 64 of A-Z a-z 0-9 . _ -, the first none of . and "
                          "-"));
}

TEST(Collectors, InTheConfigurationAreCalledByNames) {
  EXPECT_THAT(lines(parse_on(R"({"collectors": {"run": {"-x": {"command": ["/x"]}}}})").mistakes),
              ElementsAre("c.json:1:25: collectors.run.-x: \"-x\" cannot be the name of a "
                          "collector; write 1 to 64 of A-Z a-z 0-9 . _ -, the first none of . and "
                          "-"));
}

TEST(Collectors, AreReadFromTheirFile) {
  FakeHost host;
  host.files["/d/y.json"] = R"({"command": ["/y"]})";
  const auto load = [&host](const std::string& file) {
    return load_collector(file, "y", seconds(30), host.surroundings());
  };
  EXPECT_EQ(load("/d/y.json").collector->origin, "/d/y.json");
  EXPECT_THAT(lines(load("/d/z.json").mistakes), ElementsAre("/d/z.json: cannot be opened: gone"));
}

TEST(Collectors, ThatAreExecutablesHaveTheDefaults) {
  const auto plain = plain_collector("/d/load.sh", "load.sh", seconds(20));
  const Collector expected{.name = "load.sh",
                           .command = {"/d/load.sh"},
                           .interval = seconds(20),
                           .timeout = seconds(20),
                           .origin = "/d/load.sh"};
  EXPECT_EQ(plain, expected);
}

class CollectorMistakeTest : public testing::TestWithParam<Bad> {};

TEST_P(CollectorMistakeTest, IsToldInWords) {
  const auto loaded = collector(GetParam().text);
  EXPECT_FALSE(loaded.collector);
  EXPECT_EQ(lines(loaded.mistakes), GetParam().mistakes);
}

INSTANTIATE_TEST_SUITE_P(
    Command, CollectorMistakeTest,
    testing::Values(
        Bad{"{}",
            {"/d/x.json:1:1: the command is missing; write \"command\": [\"/opt/x.sh\", "
             "\"argument\"]"}},
        Bad{"", {"/d/x.json: the file is empty: write {} to leave everything as it is by default"}},
        Bad{"[]",
            {"/d/x.json:1:1: an array is not an object; write {\"command\": "
             "[\"/opt/x.sh\"]}"}},
        Bad{R"({"command": "/x -a"})",
            {"/d/x.json:1:13: command: \"/x -a\" is a text; write an array of the program and its "
             "arguments, [\"/x -a\"], or [\"/bin/sh\", \"-c\", \"/x -a\"] for a shell"}},
        Bad{R"({"command": 5})",
            {"/d/x.json:1:13: command: 5 is not an array of the program and its arguments; write "
             "[\"/opt/x.sh\", \"argument\"]"}},
        Bad{R"({"command": []})",
            {"/d/x.json:1:13: command: the array is empty; write [\"/opt/x.sh\", \"argument\"]"}},
        Bad{R"({"command": ["/x", 5]})",
            {"/d/x.json:1:20: command[1]: 5 is not a text; write it in quotes, \"5\""}},
        Bad{R"({"command": ["bin/x"]})",
            {"/d/x.json:1:14: command[0]: \"bin/x\" is not a program; write an absolute path, or "
             "the bare name of a collector that comes with Lariat"}},
        Bad{R"({"command": ["/x/"]})",
            {"/d/x.json:1:14: command[0]: \"/x/\" is not a program; write an absolute path, or the "
             "bare name of a collector that comes with Lariat"}},
        Bad{R"({"command": ["/x", "a\u0000"]})",
            {"/d/x.json:1:20: command[1]: \"a\\x00\" gives octets that are no text in UTF-8, or "
             "a NUL"}}));

INSTANTIATE_TEST_SUITE_P(
    Times, CollectorMistakeTest,
    testing::Values(
        Bad{R"({"command": ["/x"], "timeout": "31s"})",
            {"/d/x.json:1:32: timeout: \"31s\" is longer than the interval, 30s; write that or "
             "less"}},
        Bad{R"({"command": ["/x"], "interval": "0s"})",
            {"/d/x.json:1:33: interval: \"0s\" is too short; write 1s or more"}},
        Bad{R"({"command": ["/x"], "mode": "feed", "timeout": "1s"})",
            {"/d/x.json:1:37: timeout: a collector of mode \"feed\" has no deadline; remove it"}},
        Bad{R"({"command": ["/x"], "mode": "steam"})",
            {"/d/x.json:1:29: mode: \"steam\" is not known here; did you mean \"stream\"?"}},
        Bad{R"({"command": ["/x"], "mode": "feed", "format": "nagios"})",
            {"/d/x.json:1:47: format: a plugin says what it has found when it ends; write "
             "\"mode\": "
             "\"oneshot\", or another format"}},
        Bad{R"({"command": ["/x"], "format": "xml"})",
            {"/d/x.json:1:31: format: \"xml\" is not known here; write one of \"auto\", \"tsdp\", "
             "\"bolo\", \"nagios\", \"prometheus\", \"influx\", \"graphite\", \"collectd\", "
             "\"json\", \"text\""}}));

TEST(CollectorFormat, EachWordIsOneAndTextIsTheOlderOneForBolo) {
  EXPECT_EQ(format_of("auto"), OutputFormat::kAuto);
  EXPECT_EQ(format_of("bolo"), OutputFormat::kBolo);
  EXPECT_EQ(format_of("json"), OutputFormat::kJson);
  EXPECT_EQ(format_of("text"), OutputFormat::kBolo);
  EXPECT_EQ(format_of(""), std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(
    Limits, CollectorMistakeTest,
    testing::Values(
        Bad{R"({"command": ["/x"], "nice": 20})",
            {"/d/x.json:1:29: nice: 20 is not a whole number from 0 to 19"}},
        Bad{R"({"command": ["/x"], "nice": -1})",
            {"/d/x.json:1:29: nice: -1 is not a whole number from 0 to 19"}},
        Bad{R"({"command": ["/x"], "max_memory": "1KiB"})",
            {"/d/x.json:1:35: max_memory: \"1KiB\" is too small; write 1MiB or more"}},
        Bad{R"({"command": ["/x"], "max_cpu": "500ms"})",
            {"/d/x.json:1:32: max_cpu: \"500ms\" is too short; write 1s or more"}},
        Bad{R"({"command": ["/x"], "max_cpu": "1500ms"})",
            {"/d/x.json:1:32: max_cpu: \"1500ms\" is not a whole number of seconds, which is what "
             "the "
             "kernel counts"}},
        Bad{R"({"command": ["/x"], "max_files": 3})",
            {"/d/x.json:1:34: max_files: 3 is not a whole number from 8 to 1073741824"}},
        Bad{R"({"command": ["/x"], "max_processes": 0})",
            {"/d/x.json:1:38: max_processes: 0 is not a whole number from 1 to 4194304"}},
        Bad{R"({"command": ["/x"], "ionice": "best-effort:8"})",
            {"/d/x.json:1:31: ionice: \"best-effort:8\" is no class of I/O that a collector can "
             "have; write \"idle\", or \"best-effort:N\" with N from 0, the first, to 7"}},
        Bad{R"({"command": ["/x"], "ionice": 3})",
            {"/d/x.json:1:31: ionice: 3 is not a class of I/O; write a text such as \"idle\""}},
        Bad{R"({"command": ["/x"], "max_line": "32MiB"})",
            {"/d/x.json:1:33: max_line: \"32MiB\" is too large; write 16MiB or less"}},
        Bad{R"({"command": ["/x"], "max_frames": 0})",
            {"/d/x.json:1:35: max_frames: 0 is not a whole number from 1 to 100000000"}},
        Bad{R"({"command": ["/x"], "max_output": 5})",
            {"/d/x.json:1:35: max_output: 5 has no unit; write \"5B\", a text with one of B KiB "
             "MiB GiB"}},
        Bad{R"({"command": ["/x"], "enabled": "yes"})",
            {"/d/x.json:1:32: enabled: \"yes\" is neither true nor false; write one of them, "
             "without quotes"}},
        Bad{R"({"command": ["/x"], "env": {"A=": "b", "B": 1}})",
            {"/d/x.json:1:29: env.\"A=\": \"A=\" cannot be the name of a variable, which has no = "
             "and is not empty",
             "/d/x.json:1:45: env.B: 1 is not the value of a variable; write it in quotes, "
             "\"1\""}},
        Bad{R"({"command": ["/x"], "user": "a b"})",
            {"/d/x.json:1:29: user: \"a b\" cannot be the name of a user; write one as \"nobody\", "
             "or null for the agent's own"}},
        Bad{R"({"command": ["/x"], "usr": "a"})",
            {"/d/x.json:1:21: usr: there is no such key; did you mean \"user\"?"}}));

}  // namespace
}  // namespace lariat::config
