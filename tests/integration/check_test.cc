#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

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

/// `words` by another user, with nothing but what is given in `capabilities`.
Outcome as_games(std::vector<std::string> words, const std::string& capabilities) {
  std::vector<std::string> all{"setpriv", "--reuid=games", "--regid=games", "--clear-groups"};
  if (!capabilities.empty()) {
    all.push_back("--inh-caps=" + capabilities);
    all.push_back("--ambient-caps=" + capabilities);
  }
  all.insert(all.end(), words.begin(), words.end());
  Process process(all);
  const auto status = process.wait();
  return {status, process.text(Process::Stream::kOut), process.text(Process::Stream::kErr)};
}

constexpr const char* kRights = "+setuid,+setgid,+kill";

/// We may, and it may execute the program where it lies.
bool can_be_games() {
  return ::geteuid() == 0 && as_games({LARIAT_BINARY, "--version"}, kRights).status == 0;
}

TEST_F(CheckTest, SaysWhichDropInGivesTheRightToRunAsAnotherUser) {
  if (!can_be_games()) GTEST_SKIP() << "takes root, and a build that others may read";
  std::filesystem::permissions(folder_.file(""), std::filesystem::perms(0755));
  const auto file =
      write("c.json",
            R"({"collectors": {"run": {"mine": {"command": ["/bin/true"], "user": "nobody"}}}})");
  const auto without = as_games({LARIAT_BINARY, "check", "--config", file}, "");
  EXPECT_EQ(without.status, 0) << without.err;
  EXPECT_THAT(without.err, HasSubstr("no right to run it as nobody"));
  EXPECT_THAT(without.err, HasSubstr("systemctl edit lariat"));
  EXPECT_THAT(without.err, HasSubstr("AmbientCapabilities=CAP_SETUID CAP_SETGID CAP_KILL"));
  const auto with = as_games({LARIAT_BINARY, "check", "--config", file}, kRights);
  EXPECT_THAT(with.err, testing::Not(HasSubstr("AmbientCapabilities")));
}

TEST(Exec, ChangesUserWithTheRightsOfTheDropInAndKeepsNoneOfThem) {
  if (!can_be_games()) GTEST_SKIP() << "takes root, and a build that others may read";
  const std::vector<std::string> words{
      LARIAT_BINARY, "exec",
      "--user",      "nobody",
      "--",          "/bin/sh",
      "-c",          "id -u; id -G; grep -E '^Cap(Inh|Prm|Eff|Amb)' /proc/self/status"};
  const auto refused = as_games(words, "");
  EXPECT_EQ(refused.status, 127);
  EXPECT_THAT(refused.err, HasSubstr("cannot become user 'nobody'"));
  EXPECT_THAT(refused.err, HasSubstr("AmbientCapabilities="));
  const auto half = as_games(words, "+setuid,+setgid");
  EXPECT_EQ(half.status, 127) << "the agent could not end it";
  const auto became = as_games(words, kRights);
  EXPECT_EQ(became.status, 0) << became.err;
  EXPECT_EQ(became.out,
            "65534\n65534\nCapInh:\t0000000000000000\nCapPrm:\t0000000000000000\n"
            "CapEff:\t0000000000000000\nCapAmb:\t0000000000000000\n");
}

TEST_F(CheckTest, WarnsOfLimitsThatAreNotWhatTheyLookLike) {
  const auto file = write("c.json", R"({"collectors": {"run": {"mine": {"command": ["/bin/true"],
                                       "max_files": 1073741824, "max_processes": 5}}}})");
  const auto [status, out, err] = check({"--config", file});
  EXPECT_EQ(status, 0);
  EXPECT_THAT(err, HasSubstr("LimitNOFILE="));
  EXPECT_THAT(err, HasSubstr("max_processes: it counts all processes of its user"));
}

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
