#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "agent/app/commands.h"

namespace lariat::app {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

struct Outcome {
  int status;
  std::string out;
  std::string err;
};

Outcome name(std::vector<std::string> words) {
  CLI::App app;
  Run run;
  add_name(app, run);
  words.insert(words.begin(), "name");
  std::reverse(words.begin(), words.end());  // As CLI11 takes them.
  app.parse(words);
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  const int status = run();
  return {status, testing::internal::GetCapturedStdout(), testing::internal::GetCapturedStderr()};
}

TEST(CommandName, PrintsTheCanonicalFormAndEachOutput) {
  const auto [status, out, err] = name({"cpu host=a , core=0"});
  EXPECT_EQ(status, kGood);
  EXPECT_THAT(out, StartsWith("cpu core=0,host=a\n  tsdp              cpu core=0,host=a\n"));
  EXPECT_THAT(out, HasSubstr("prometheus        cpu{core=\"0\",host=\"a\"}\n"));
  EXPECT_EQ(err, "");
}

TEST(CommandName, FailsIfOneIsNoNameAndShowsTheOthers) {
  const auto [status, out, err] = name({"cpu", "mem host=a"});
  EXPECT_EQ(status, kFailed);
  EXPECT_THAT(out, StartsWith("mem host=a\n"));
  EXPECT_THAT(err, HasSubstr("'cpu', octet 4: there are no tags: write"));
}

TEST(CommandName, TellsAPattern) {
  EXPECT_EQ(name({"cpu *"}).out, "cpu *\n  a pattern: it selects names and is none itself\n");
}

TEST(CommandName, SpellsOutWhatControlsATerminal) {
  EXPECT_THAT(name({"cpu a=\\\x1b"}).out, StartsWith("cpu a=\\\\x1b\n"));
}

TEST(CommandName, PrintsJson) {
  EXPECT_THAT(name({"--json", "cpu host=a"}).out,
              StartsWith(R"({"name":"cpu host=a","canonical":"cpu host=a","outputs":{"tsdp":)"));
  const auto [status, out, err] = name({"--json", "cpu"});
  EXPECT_EQ(status, kFailed);
  EXPECT_THAT(out, StartsWith(R"({"name":"cpu","octet":4,"error":"there are no tags)"));
}

}  // namespace
}  // namespace lariat::app
