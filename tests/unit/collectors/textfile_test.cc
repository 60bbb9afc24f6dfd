#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include "tests/support/process.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/collectors/source_run.h"

namespace lariat::host {
namespace {

using test::SourceRun;
using testing::Contains;
using testing::ElementsAre;
using testing::Not;
using testing::StartsWith;

TEST(Textfile, TellsWhatOthersWroteWithTheirLabelsAndKinds) {
  SourceRun run("textfile");
  EXPECT_THAT(run.collect(),
              ElementsAre("s backup_last_success_seconds job=home\\, \"daily\",path=/home 1.7e+09",
                          "d backup_runs_total 17", "d backup_duration_seconds_bucket le=1 2",
                          "d backup_duration_seconds_bucket le=+Inf 5",
                          "d backup_duration_seconds_sum 9.5", "d backup_duration_seconds_count 5",
                          "s backup_untyped 3", StartsWith("s node_textfile_mtime_seconds file=/"),
                          "s node_textfile_scrape_error 0"));
  EXPECT_EQ(run.fault(), "");
}

class TextfileTest : public testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) {
    test::write_file(folder_.file("new"), text);
    std::filesystem::rename(folder_.file("new"), folder_.file(name));
  }

  test::TemporaryDirectory folder_;
  SourceRun run_{"textfile", {.root = "/", .textfiles = folder_.file(".")}};
};

TEST_F(TextfileTest, AFileThatIsReplacedIsReadAgain) {
  write("a.prom", "one 1\n");
  EXPECT_THAT(run_.collect(), Contains("s one 1"));
  write("a.prom", "one 2\n");
  EXPECT_THAT(run_.collect(), Contains("s one 2"));
  std::filesystem::remove(folder_.file("a.prom"));
  EXPECT_THAT(run_.collect(), ElementsAre("s node_textfile_scrape_error 0"));
}

TEST_F(TextfileTest, ABrokenFileCostsItselfAlone) {
  write("a.prom", "one 1\ntwo three\n");
  write("b.prom", "four 4\n");
  for (int round = 0; round < 2; ++round) {
    const auto lines = run_.collect();
    EXPECT_THAT(lines, Contains("s four 4"));
    EXPECT_THAT(lines, Not(Contains("s one 1")));
    EXPECT_THAT(lines, Contains("s node_textfile_scrape_error 1"));
  }
  write("a.prom", "one 1\n");
  EXPECT_THAT(run_.collect(), Contains("s node_textfile_scrape_error 0"));
}

TEST_F(TextfileTest, AFifoIsAnErrorAndNobodyWaitsForIt) {
  ASSERT_EQ(::mkfifo(folder_.file("a.prom").c_str(), 0600), 0);
  write("b.prom", "four 4\n");
  const auto lines = run_.collect();
  EXPECT_THAT(lines, Contains("s four 4"));
  EXPECT_THAT(lines, Contains("s node_textfile_scrape_error 1"));
}

TEST_F(TextfileTest, WhatIsWrittenWithTheTimeOfBeforeIsReadAgain) {
  const std::string path = folder_.file("a.prom");
  write("a.prom", "one 1\n");
  EXPECT_THAT(run_.collect(), Contains("s one 1"));
  const auto time = std::filesystem::last_write_time(path);
  EXPECT_TRUE(test::wait_until([&] {
    test::write_file(path, "one 2\n");
    std::filesystem::last_write_time(path, time);
    return std::ranges::count(run_.collect(), "s one 2") == 1;
  })) << "as soon as the clock of the file system has moved on";
}

TEST(Textfile, AFolderThatIsNotThereIsAnError) {
  SourceRun run("textfile", {.root = "/nonexistent"});
  EXPECT_THAT(run.collect(), ElementsAre("s node_textfile_scrape_error 1"));
}

}  // namespace
}  // namespace lariat::host
