#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/process.h"

namespace lariat::test {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

struct Outcome {
  std::optional<int> status;
  std::string out;
  std::string err;
};

Outcome check(std::vector<std::string> words) {
  words.insert(words.begin(), {LARIAT_BINARY, "check"});
  Process process(words);
  const auto status = process.wait();
  return {status, process.text(Process::Stream::kOut), process.text(Process::Stream::kErr)};
}

/// A folder with a configuration and a directory of collectors.
class CheckTest : public testing::Test {
 protected:
  CheckTest() { std::filesystem::create_directory(folder_.file("d")); }

  [[nodiscard]] std::string write(const std::string& name, const std::string& text) const {
    write_file(folder_.file(name), text);
    return folder_.file(name);
  }
  void write_program(const std::string& name) const {
    ASSERT_EQ(::chmod(write(name, "#!/bin/sh\n").c_str(), 0755), 0);
  }
  /// A configuration whose collectors are in the directory, and `rest`.
  [[nodiscard]] std::string config(const std::string& rest) const {
    return write("c.json",
                 R"({"collectors": {"directories": [")" + folder_.file("d") + "\"]}" + rest + '}');
  }

  TemporaryDirectory folder_;
};

TEST_F(CheckTest, SaysThatAConfigurationIsGood) {
  write_program("d/load");
  (void)write("d/mine.json", R"({"command": ["/bin/sh"]})");
  (void)write("d/README", "no collector");
  const auto file = config(R"(, "endpoints": {"a": {"url": "tsdp://a.example:2600"}})");
  const auto [status, out, err] = check({"--config", file});
  EXPECT_EQ(status, 0);
  EXPECT_EQ(out, file + " is good: 1 endpoint, 2 collectors\n");
  EXPECT_EQ(err, "");
}

TEST_F(CheckTest, TellsEachMistakeOnALineAndHowManyThereAre) {
  const auto file = write("c.json", "{\"intervall\": \"1s\",\n\"interval\": 5}\n");
  const auto [status, out, err] = check({"--config", file});
  EXPECT_EQ(status, 78);
  EXPECT_EQ(out, "");
  EXPECT_EQ(err, file + ":1:2: intervall: there is no such key; did you mean \"interval\"?\n" +
                     file +
                     ":2:13: interval: 5 has no unit; write \"5s\", a text with one of ms s m h "
                     "d\nlariat check: 2 mistakes, 0 warnings\n");
}

TEST_F(CheckTest, ReadsTheDescriptionsInTheDirectoriesOfCollectors) {
  (void)write("d/bad.json", R"({"command": "/bin/sh"})");
  (void)write("d/-.json", R"({"command": ["/bin/sh"]})");
  write_program("d/twice");
  (void)write("d/twice.json", R"({"command": ["/bin/sh"]})");
  const auto [status, out, err] = check({"--config", config("")});
  EXPECT_EQ(status, 78);
  EXPECT_THAT(err,
              HasSubstr(folder_.file("d/bad.json") + ":1:13: command: \"/bin/sh\" is a text;"));
  EXPECT_THAT(err, HasSubstr("\"-\" cannot be the name of a collector"));
  EXPECT_THAT(err,
              HasSubstr(folder_.file("d/twice.json") + ": refused: the name twice is taken by " +
                        folder_.file("d/twice") + ": rename or remove one\n"));
  EXPECT_THAT(err, EndsWith("lariat check: 2 mistakes, 1 warning\n"));
}

TEST_F(CheckTest, WarnsOfWhatTheTrustRuleRefuses) {
  write_program("d/open");
  ASSERT_EQ(::chmod(folder_.file("d/open").c_str(), 0777), 0);
  (void)write("d/mistaken.json", "what others may write is not even read");
  ASSERT_EQ(::chmod(folder_.file("d/mistaken.json").c_str(), 0666), 0);
  write_program("program");
  ASSERT_EQ(::chmod(folder_.file("program").c_str(), 0722), 0);
  (void)write("schedule", "@10s true\n@10s false\n");
  ASSERT_EQ(::chmod(folder_.file("schedule").c_str(), 0666), 0);
  const auto file = write("c.json", R"({"collectors": {"directories": [")" + folder_.file("d") +
                                        R"("], "schedule_file": ")" + folder_.file("schedule") +
                                        R"(", "run": {"x": {"command": [")" +
                                        folder_.file("program") + R"("]}}}})");
  const auto [status, out, err] = check({"--config", file});
  EXPECT_EQ(status, 0);
  EXPECT_EQ(out, file + " is good: 0 endpoints, 1 collector; 4 warnings\n");
  for (const auto& path : {folder_.file("d/open"), folder_.file("d/mistaken.json"),
                           folder_.file("schedule"), folder_.file("program")}) {
    EXPECT_THAT(err, HasSubstr("warning: refused: " + path + " may be written by"));
  }
}

TEST_F(CheckTest, OfTwoWithOneNameTakesTheOneThatTheAgentTakes) {
  write_program("d/mine");
  (void)write("schedule", "@10s mine\n");
  const auto file =
      write("c.json", R"({"collectors": {"directories": [")" + folder_.file("d") +
                          R"("], "schedule_file": ")" + folder_.file("schedule") + R"("}})");
  const auto [status, out, err] = check({"--config", file});
  EXPECT_EQ(status, 78);
  EXPECT_THAT(err, StartsWith(folder_.file("schedule") + ":1: refused: the name mine is taken by " +
                              folder_.file("d/mine")));
}

TEST_F(CheckTest, WarnsOfWhatIsNotThereYet) {
  const auto file = write("c.json", R"({"collectors": {"directories": ["/no/such/directory"],
    "run": {"x": {"command": ["/no/such/program"]},
            "off": {"command": ["/no/such/program"], "enabled": false}}}})");
  const auto [status, out, err] = check({"--config", file});
  EXPECT_EQ(status, 0);
  EXPECT_EQ(out, file + " is good: 0 endpoints, 2 collectors; 2 warnings\n");
  EXPECT_EQ(err, "/no/such/directory: warning: it cannot be read: No such file or directory\n" +
                     file +
                     ": collectors.run.x: warning: /no/such/program cannot be run: No such file or "
                     "directory\n");
}

TEST_F(CheckTest, PrintsWhatItWouldLoadAsTheSame) {
  const auto file = config(R"(, "interval": "@env:LARIAT_TEST_INTERVAL")");
  Process process({LARIAT_BINARY, "check", "--config", file, "--print"},
                  {.environment = {"LARIAT_TEST_INTERVAL=30s"}});
  EXPECT_EQ(process.wait(), 0);
  const std::string printed = process.text(Process::Stream::kOut);
  EXPECT_THAT(printed, HasSubstr("\"interval\": \"30s\""));
  EXPECT_THAT(process.text(Process::Stream::kErr), HasSubstr(" is good: "));

  const auto again = check({"--config", write("again.json", printed), "--print"});
  EXPECT_EQ(again.status, 0);
  EXPECT_EQ(again.out, printed);
}

TEST_F(CheckTest, SaysWhyAFileCannotBeRead) {
  EXPECT_EQ(check({"--config", folder_.file("gone.json")}).err,
            folder_.file("gone.json") +
                ": cannot be opened: No such file or directory\nlariat check: 1 mistake, 0 "
                "warnings\n");
  EXPECT_THAT(check({"--config", folder_.file("d")}).err,
              StartsWith(folder_.file("d") + ": is a directory; write the path of a file\n"));
}

TEST_F(CheckTest, KnowsEachMistakeOfTheFixtures) {
  struct Fixture {
    const char* name;
    const char* summary;
  };
  for (const auto& [name, summary] :
       {Fixture{"types", "14 mistakes"}, Fixture{"keys", "9 mistakes"},
        Fixture{"values", "46 mistakes"}, Fixture{"no-comma", "1 mistake"},
        Fixture{"no-quotes", "1 mistake"}, Fixture{"last-comma", "1 mistake"},
        Fixture{"not-closed", "1 mistake"}, Fixture{"no-quote", "1 mistake"},
        Fixture{"hash", "1 mistake"}}) {
    const auto file = std::string(LARIAT_FIXTURES "/config/") + name + ".json";
    const auto [status, out, err] = check({"--config", file});
    EXPECT_EQ(status, 78) << name;
    EXPECT_THAT(err, EndsWith("lariat check: " + std::string(summary) + ", 0 warnings\n")) << name;
  }
}

TEST(Check, WithoutAFileLooksAtTheStandardOneOrTheBuiltInDefault) {
  const auto [status, out, err] = check({});
  if (std::filesystem::exists("/etc/lariat/lariat.json")) {
    EXPECT_THAT(out + err, HasSubstr("/etc/lariat/lariat.json"));
    return;
  }
  EXPECT_EQ(status, 0);
  EXPECT_THAT(out, StartsWith("/etc/lariat/lariat.json is not there; the built-in default is good: "
                              "0 endpoints, 2 collectors"));
}

TEST(Check, RefusesAnEmptyPath) {
  const auto [status, out, err] = check({"--config", ""});
  EXPECT_EQ(status, 2);
  EXPECT_THAT(err, HasSubstr("write the path of a file"));
}

TEST(Check, FailsIfItsOutputCannotBeWritten) {
  Process shell({"sh", "-c",
                 std::string(LARIAT_BINARY) + " check --print --config " LARIAT_FIXTURES
                                              "/config/small.json >/dev/full 2>&1"});
  EXPECT_EQ(shell.wait(), 1);
}

}  // namespace
}  // namespace lariat::test
