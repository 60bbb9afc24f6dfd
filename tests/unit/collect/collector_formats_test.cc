// What becomes of collectors that print in other formats than ours.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/unit/collect/collector_fixture.h"

namespace lariat::collect {
namespace {

using config::Mode;
using config::OutputFormat;
using proto::Reason;
using testing::HasSubstr;

// The octets up to the time, those behind it: `state <now> mine host=web01 OK x`.
std::string without_time(const std::string& line) {
  const std::size_t begin = line.find(' ') + 1;
  return line.substr(0, begin) + "NOW" + line.substr(line.find(' ', begin));
}

TEST_F(CollectorTest, APluginsExitStatusIsItsStateAndNoFailure) {
  for (int status = 0; status <= 3; ++status) {
    sink_.lines.clear();
    runs_ = 0;
    run(collector(
        script("p", "echo \"DISK OK - free | /=5MB;6\"; exit " + std::to_string(status))));
    EXPECT_EQ(count(Result::kOk), 1U) << status;
    EXPECT_TRUE(collector_->state().healthy);
    ASSERT_EQ(sink_.lines.size(), 3U);
    constexpr std::array kWords{"OK", "WARNING", "CRITICAL", "UNKNOWN"};
    EXPECT_EQ(without_time(sink_.lines[0]),
              "state NOW mine host=web01 " +
                  std::string(kWords.at(static_cast<std::size_t>(status))) + " DISK OK - free");
    EXPECT_EQ(without_time(sink_.lines[1]), "sample NOW mine_bytes host=web01,label=/ 5242880");
    EXPECT_EQ(collector_->intake().format(), OutputFormat::kNagios);
  }
}

TEST_F(CollectorTest, APluginOfNoSuchStatusIsUnknownAndFailed) {
  run(collector(script("p", "echo OK; exit 64")));
  EXPECT_EQ(count(Result::kFailed), 1U);
  ASSERT_EQ(sink_.lines.size(), 1U);
  EXPECT_THAT(sink_.lines[0], HasSubstr(" UNKNOWN OK"));
}

TEST_F(CollectorTest, APluginThatHangsOrCrashesIsCritical) {
  auto description = collector(script("p", "exec sleep 1000"));
  description.format = OutputFormat::kNagios;
  description.timeout = milliseconds(200);
  run(description);
  EXPECT_EQ(count(Result::kTimeout), 1U);
  ASSERT_EQ(sink_.lines.size(), 1U);
  EXPECT_THAT(sink_.lines[0], HasSubstr(" CRITICAL did not end within 200ms"));

  runs_ = 0;
  description.command = {script("q", "echo OK; kill -SEGV $$")};
  run(description);
  EXPECT_EQ(count(Result::kKilled), 1U);
  EXPECT_THAT(sink_.lines.back(), HasSubstr(" CRITICAL OK (was ended by SIGSEGV"));
}

TEST_F(CollectorTest, APluginThatIsMissingIsCritical) {
  auto description = collector(path("none"));
  description.format = OutputFormat::kNagios;
  run(std::move(description));
  ASSERT_EQ(sink_.lines.size(), 1U);
  EXPECT_THAT(sink_.lines[0], HasSubstr(" CRITICAL "));
  EXPECT_THAT(sink_.lines[0], HasSubstr("does not exist"));
}

TEST_F(CollectorTest, OneThatWasAPluginStaysOneWhenItHangsOrCannotStart) {
  const auto plugin = script("p", "test -e " + path("mute") + " || echo DISK OK");
  auto& mine = make(collector(plugin));
  mine.start();
  wait_for_runs(1);
  std::ofstream(path("mute")).flush();
  mine.due(false);
  wait_for_runs(2);
  std::filesystem::remove(plugin);
  mine.due(false);
  wait_for_runs(3);
  ASSERT_EQ(sink_.lines.size(), 3U);
  EXPECT_THAT(sink_.lines[1], HasSubstr(" OK (no output)"));
  EXPECT_THAT(sink_.lines[2], HasSubstr(" CRITICAL "));
}

TEST_F(CollectorTest, APluginThatIsNotTrustedIsCritical) {
  const auto plugin = script("p", "echo OK");
  std::filesystem::permissions(plugin, std::filesystem::perms::all);
  supervision_.owners = {::geteuid()};
  auto description = collector(plugin);
  description.format = OutputFormat::kNagios;
  make(std::move(description)).start();
  wait_for_runs(1);
  ASSERT_EQ(sink_.lines.size(), 1U);
  EXPECT_THAT(sink_.lines[0], HasSubstr(" CRITICAL refused: "));
}

TEST_F(CollectorTest, OneThatPrintedOurLinesIsTakenForNoPlugin) {
  auto& mine = make(collector(
      script("p", "test -e " + path("bad") + " && echo WARNING: no file || echo SAMPLE 1 x 1")));
  mine.start();
  wait_for_runs(1);
  std::ofstream(path("bad")).flush();
  mine.due(false);
  wait_for_runs(2);
  EXPECT_EQ(sink_.lines.size(), 1U);
  EXPECT_EQ(mine.intake().rejected(Reason::kUnknownKeyword), 1U);
}

TEST_F(CollectorTest, WordsBeforeOurLinesAreNoPluginsText) {
  run(collector(script("p", "echo WARNING: no such file; echo SAMPLE 1 x 1")));
  ASSERT_EQ(sink_.lines.size(), 1U);
  EXPECT_EQ(sink_.lines[0], "sample 1 x host=web01 1");
  EXPECT_EQ(collector_->intake().rejected(Reason::kUnknownKeyword), 1U);
}

TEST_F(CollectorTest, APluginsTimeIsThatOfItsEndAlsoWithoutALineEnd) {
  const auto before = loop_.wall_now();
  run(collector(script("p", "sleep 1.1; printf OK")));
  ASSERT_EQ(sink_.lines.size(), 1U);
  const std::chrono::system_clock::time_point then(
      std::chrono::seconds(std::stoll(sink_.lines[0].substr(6))));
  EXPECT_GT(then, before);
}

TEST_F(CollectorTest, OfAPluginThatIsStoppedNothingIsSaid) {
  auto description =
      collector(script("p", "touch " + path("there") + "; echo CRITICAL; exec sleep 1000"));
  description.format = OutputFormat::kNagios;
  auto& mine = make(std::move(description));
  mine.start();
  ASSERT_TRUE(until([this] { return std::filesystem::exists(path("there")); }));
  mine.retire();
  ASSERT_TRUE(until([&mine] { return mine.gone(); }));
  EXPECT_TRUE(sink_.lines.empty()) << sink_.lines[0];
}

TEST_F(CollectorTest, WhatLiesWherePluginsLieIsOne) {
  std::filesystem::create_directories(path("nagios/plugins"));
  const auto plugin = script("nagios/plugins/p", "echo sample 1 x 1; exit 1");
  run(collector(plugin));
  ASSERT_EQ(sink_.lines.size(), 1U);
  EXPECT_EQ(without_time(sink_.lines[0]), "state NOW mine host=web01 WARNING sample 1 x 1");

  runs_ = 0;
  std::filesystem::create_symlink(plugin, path("link"));
  run(collector(path("link")));
  EXPECT_EQ(count(Result::kOk), 1U) << "a link to one is one";

  runs_ = 0;
  auto described = collector(plugin);
  described.format = OutputFormat::kBolo;
  run(std::move(described));
  EXPECT_EQ(sink_.lines.back(), "sample 1 x host=web01 1") << "it was said what it is";
  EXPECT_EQ(count(Result::kFailed), 1U);
}

TEST_F(CollectorTest, AStreamMayAnswerInAnyFormatOfLines) {
  auto& mine = make(collector(
      script("p", "while read -r word time; do echo 'm,a=b f=1'; echo done; done"), Mode::kStream));
  mine.start();
  wait_for_runs(1);
  EXPECT_EQ(count(Result::kOk), 1U);
  ASSERT_EQ(sink_.lines.size(), 1U);
  EXPECT_EQ(without_time(sink_.lines[0]), "sample NOW m_f a=b,host=web01 1");
}

TEST_F(CollectorTest, LinesWithoutATimeHaveThatOfTheirRun) {
  const auto before = std::chrono::floor<std::chrono::seconds>(loop_.wall_now());
  run(collector(script("p", "echo x 1; sleep 0.01; echo y 1")));
  ASSERT_EQ(sink_.lines.size(), 2U);
  const auto time_of = [](const std::string& line) { return std::stoll(line.substr(7)); };
  EXPECT_EQ(time_of(sink_.lines[0]), time_of(sink_.lines[1]));
  EXPECT_GE(time_of(sink_.lines[0]), before.time_since_epoch().count());
  EXPECT_LE(time_of(sink_.lines[0]), before.time_since_epoch().count() + 60);
}

}  // namespace
}  // namespace lariat::collect
