#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/collectors/source_run.h"

namespace lariat::host {
namespace {

using test::fixture_paths;
using test::SourceRun;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(Stat, TellsTheKernelsCounts) {
  SourceRun run("stat");
  EXPECT_THAT(run.collect(),
              ElementsAre("d node_intr_total 8885917", "d node_context_switches_total 38014093",
                          "s node_boot_time_seconds 1418183276", "d node_forks_total 26442",
                          "s node_procs_running 2", "s node_procs_blocked 1"));
}

TEST(Stat, WhatAnOldKernelDoesNotTellIsZero) {
  SourceRun run("stat", fixture_paths("old"));
  EXPECT_THAT(run.collect(), ElementsAre("d node_intr_total 5", "d node_context_switches_total 6",
                                         "s node_boot_time_seconds 1000", "d node_forks_total 7",
                                         "s node_procs_running 0", "s node_procs_blocked 0"));
}

TEST(Stat, UnknownLinesAndFieldsAreLeftOut) {
  SourceRun run("stat", fixture_paths("new"));
  EXPECT_EQ(run.collect().size(), 6U);
  EXPECT_EQ(run.fault(), "");
}

TEST(Stat, GarbageIsAFault) {
  SourceRun run("stat", fixture_paths("garbage"));
  (void)run.collect();
  EXPECT_THAT(run.fault(), HasSubstr("none of the expected lines"));
}

}  // namespace
}  // namespace lariat::host
