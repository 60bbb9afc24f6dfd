#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/collectors/source_run.h"

namespace lariat::host {
namespace {

using test::SourceRun;
using testing::UnorderedElementsAre;

TEST(Bonding, CountsInterfacesAndThoseThatAreUp) {
  SourceRun run("bonding");
  EXPECT_THAT(run.collect(),
              UnorderedElementsAre(
                  "s node_bonding_active master=bond0 0", "s node_bonding_active master=dmz 2",
                  "s node_bonding_active master=int 1", "s node_bonding_slaves master=bond0 0",
                  "s node_bonding_slaves master=dmz 2", "s node_bonding_slaves master=int 2"));
  EXPECT_EQ(run.fault(), "");
}

TEST(Bonding, AHostWithoutHasNoneAndSaysNoWord) {
  SourceRun run("bonding", {.proc = "/nonexistent", .sys = "/nonexistent", .root = "/nonexistent"});
  EXPECT_TRUE(run.collect().empty());
  EXPECT_THAT(run.fault(), testing::AnyOf("", sdk::kNotHere));
}

}  // namespace
}  // namespace lariat::host
