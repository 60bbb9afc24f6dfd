#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/collectors/source_run.h"

namespace lariat::host {
namespace {

using test::SourceRun;
using testing::ElementsAre;

TEST(Conntrack, AddsUpAllCpus) {
  SourceRun run("conntrack");
  EXPECT_THAT(
      run.collect(),
      ElementsAre("s node_nf_conntrack_entries 1234", "s node_nf_conntrack_entries_limit 65536",
                  "s node_nf_conntrack_stat_found 28", "s node_nf_conntrack_stat_invalid 19",
                  "s node_nf_conntrack_stat_ignore 65295", "s node_nf_conntrack_stat_insert 165",
                  "s node_nf_conntrack_stat_insert_failed 6", "s node_nf_conntrack_stat_drop 8",
                  "s node_nf_conntrack_stat_early_drop 8",
                  "s node_nf_conntrack_stat_search_restart 267"));
  EXPECT_EQ(run.fault(), "");
}

TEST(Conntrack, AHostThatTracksNothingHasNoneAndSaysNoWord) {
  SourceRun run("conntrack", {.proc = "/nonexistent"});
  EXPECT_TRUE(run.collect().empty());
  EXPECT_EQ(run.fault(), sdk::kNotHere);
}

}  // namespace
}  // namespace lariat::host
