#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "collectors/linux/cpu_throttles.h"
#include "tests/support/process.h"
#include "tests/unit/collectors/source_run.h"

namespace lariat::host {
namespace {

using test::fixture_paths;
using test::SourceRun;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

sdk::Paths without_sys(std::string_view set) {
  sdk::Paths paths = fixture_paths(set);
  paths.sys = "/nonexistent";
  return paths;
}

TEST(Cpu, TellsSecondsByModeAndGuestsApart) {
  SourceRun run("cpu", without_sys(""));
  EXPECT_THAT(run.collect(), ElementsAre("d node_cpu_seconds_total cpu=0,mode=user 301.5",
                                         "d node_cpu_seconds_total cpu=0,mode=nice 0.6",
                                         "d node_cpu_seconds_total cpu=0,mode=system 101.25",
                                         "d node_cpu_seconds_total cpu=0,mode=idle 2000.5",
                                         "d node_cpu_seconds_total cpu=0,mode=iowait 7.5",
                                         "d node_cpu_seconds_total cpu=0,mode=irq 0.3",
                                         "d node_cpu_seconds_total cpu=0,mode=softirq 0.2",
                                         "d node_cpu_seconds_total cpu=0,mode=steal 0.04",
                                         "d node_cpu_guest_seconds_total cpu=0,mode=user 0.9",
                                         "d node_cpu_guest_seconds_total cpu=0,mode=nice 0.06",
                                         "d node_cpu_seconds_total cpu=1,mode=user 301.5",
                                         "d node_cpu_seconds_total cpu=1,mode=nice 0.6",
                                         "d node_cpu_seconds_total cpu=1,mode=system 101.25",
                                         "d node_cpu_seconds_total cpu=1,mode=idle 2000.5",
                                         "d node_cpu_seconds_total cpu=1,mode=iowait 7.5",
                                         "d node_cpu_seconds_total cpu=1,mode=irq 0",
                                         "d node_cpu_seconds_total cpu=1,mode=softirq 0.25",
                                         "d node_cpu_seconds_total cpu=1,mode=steal 0.08",
                                         "d node_cpu_guest_seconds_total cpu=1,mode=user 0",
                                         "d node_cpu_guest_seconds_total cpu=1,mode=nice 0"));
  EXPECT_EQ(run.fault(), "");
}

TEST(Cpu, ModesThatAnOldKernelLacksAreZero) {
  SourceRun run("cpu", without_sys("old"));
  EXPECT_THAT(run.collect(), ElementsAre("d node_cpu_seconds_total cpu=0,mode=user 12.3",
                                         "d node_cpu_seconds_total cpu=0,mode=nice 0.02",
                                         "d node_cpu_seconds_total cpu=0,mode=system 0.03",
                                         "d node_cpu_seconds_total cpu=0,mode=idle 0.04",
                                         "d node_cpu_seconds_total cpu=0,mode=iowait 0",
                                         "d node_cpu_seconds_total cpu=0,mode=irq 0",
                                         "d node_cpu_seconds_total cpu=0,mode=softirq 0",
                                         "d node_cpu_seconds_total cpu=0,mode=steal 0",
                                         "d node_cpu_guest_seconds_total cpu=0,mode=user 0",
                                         "d node_cpu_guest_seconds_total cpu=0,mode=nice 0"));
}

TEST(Cpu, FieldsOfANewerKernelAreLeftOut) {
  SourceRun run("cpu", without_sys("new"));
  const auto lines = run.collect();
  ASSERT_EQ(lines.size(), 10U);
  EXPECT_EQ(lines.back(), "d node_cpu_guest_seconds_total cpu=0,mode=nice 10");
}

TEST(Cpu, TellsThrottlesOfEachCoreAndPackageOnce) {
  SourceRun run("cpu");
  auto lines = run.collect();
  ASSERT_GT(lines.size(), 20U);
  lines.erase(lines.begin(), lines.begin() + 20);
  EXPECT_THAT(lines, ElementsAre("s node_cpu_isolated cpu=1 1", "s node_cpu_isolated cpu=2 1",
                                 "s node_cpu_isolated cpu=5 1",
                                 "d node_cpu_core_throttles_total core=0,package=0 0",
                                 "d node_cpu_package_throttles_total package=0 1",
                                 "d node_cpu_core_throttles_total core=1,package=0 5",
                                 "d node_cpu_core_throttles_total core=0,package=1 10",
                                 "d node_cpu_package_throttles_total package=1 15"));
}

TEST(Cpu, NoCounterGoesBackUnlessTheCpuWasAway) {
  const test::TemporaryDirectory folder;
  SourceRun run("cpu", {.proc = folder.file(""), .sys = "/nonexistent"});
  const auto user_and_idle = [&](std::string_view line) {
    test::write_file(folder.file("stat"), line);
    const auto lines = run.collect();
    return lines.at(0) + "; " + lines.at(3);
  };
  EXPECT_EQ(user_and_idle("cpu0 1000 0 0 2000\n"),
            "d node_cpu_seconds_total cpu=0,mode=user 10; "
            "d node_cpu_seconds_total cpu=0,mode=idle 20");
  EXPECT_EQ(user_and_idle("cpu0 990 0 0 1900\n"),
            "d node_cpu_seconds_total cpu=0,mode=user 10; "
            "d node_cpu_seconds_total cpu=0,mode=idle 20")
      << "a little back";
  EXPECT_EQ(
      user_and_idle("cpu0 500 0 0 100\n"),
      "d node_cpu_seconds_total cpu=0,mode=user 5; d node_cpu_seconds_total cpu=0,mode=idle 1")
      << "away and back";
}

TEST(Cpu, GarbageAndAMissingFileAreFaults) {
  SourceRun garbage("cpu", without_sys("garbage"));
  (void)garbage.collect();
  EXPECT_THAT(garbage.fault(), HasSubstr("cpu0 12 x"));
  SourceRun missing("cpu", {.proc = "/nonexistent"});
  EXPECT_THAT(missing.collect(), IsEmpty());
  EXPECT_EQ(missing.fault(), "cannot read /nonexistent/stat: No such file or directory");
}

TEST(CpuList, IsRead) {
  EXPECT_THAT(parse_cpu_list("0-2,5"), ElementsAre(0, 1, 2, 5));
  EXPECT_THAT(parse_cpu_list(""), IsEmpty());
  EXPECT_THAT(parse_cpu_list("5-2"), IsEmpty());
  EXPECT_THAT(parse_cpu_list("0-4294967295"), IsEmpty());
  EXPECT_THAT(parse_cpu_list("x"), IsEmpty());
}

}  // namespace
}  // namespace lariat::host
