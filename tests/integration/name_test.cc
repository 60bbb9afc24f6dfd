#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "tests/support/process.h"

namespace lariat::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

struct Outcome {
  std::optional<int> status;
  std::string out;
  std::string err;
};

Outcome run(std::vector<std::string> words) {
  words.insert(words.begin(), LARIAT_BINARY);
  Process process(words);
  const auto status = process.wait();
  return {status, process.text(Process::Stream::kOut), process.text(Process::Stream::kErr)};
}

TEST(Name, PrintsTheCanonicalFormOfEachName) {
  const auto [status, out, err] = run({"name", "cpu host=b,core=0", "mem host=b"});
  EXPECT_EQ(status, 0);
  EXPECT_THAT(out, StartsWith("cpu core=0,host=b\n"));
  EXPECT_THAT(out, HasSubstr("\nmem host=b\n"));
  EXPECT_EQ(err, "");
}

TEST(Name, FailsAndSaysWhereAndWhatToWrite) {
  const auto [status, out, err] = run({"name", "cpu host=a*"});
  EXPECT_EQ(status, 1);
  EXPECT_EQ(out, "");
  EXPECT_THAT(err, HasSubstr("octet 11: a `*` has something beside it: write"));
}

TEST(Name, FailsIfItsOutputCannotBeWritten) {
  Process shell({"sh", "-c", std::string(LARIAT_BINARY) + " name 'cpu host=a' >/dev/full"});
  EXPECT_EQ(shell.wait(), 1);
}

TEST(Lariat, TellsItsVersion) {
  const auto [status, out, err] = run({"--version"});
  EXPECT_EQ(status, 0);
  EXPECT_THAT(out, testing::MatchesRegex("lariat [0-9.]+( \\([0-9a-f]+\\))?\n"));
}

TEST(Lariat, HasHelpForItselfAndEachCommand) {
  const auto [status, out, err] = run({"--help"});
  EXPECT_EQ(status, 0);
  for (const std::string command :
       {"agent", "receive", "send", "status", "name", "bench", "check", "collect"}) {
    EXPECT_THAT(out, HasSubstr(command));
    EXPECT_EQ(run({command, "--help"}).status, 0) << command;
  }
}

TEST(Lariat, RefusesWrongUseWithASentence) {
  const auto none = run({});
  EXPECT_EQ(none.status, 2);
  EXPECT_THAT(none.err, HasSubstr("the command is missing: write one of agent, receive, "));
  const auto unknown = run({"recieve"});
  EXPECT_EQ(unknown.status, 2);
  EXPECT_THAT(unknown.err,
              HasSubstr("there is no command 'recieve': write one of agent, receive, "));
  const auto option = run({"name", "--jsno", "cpu host=a"});
  EXPECT_EQ(option.status, 2);
  EXPECT_THAT(option.err, HasSubstr("--jsno"));
}

TEST(Lariat, RunsWithItsStandardDescriptorsClosed) {
  Process shell(
      {"sh", "-c", std::string(LARIAT_BINARY) + " name 'cpu host=a' <&- >&- 2>&-; echo $?"});
  EXPECT_EQ(shell.line(Process::Stream::kOut), "0");
}

}  // namespace
}  // namespace lariat::test
