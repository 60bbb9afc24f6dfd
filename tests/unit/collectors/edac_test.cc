#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/collectors/source_run.h"

namespace lariat::host {
namespace {

using test::SourceRun;
using testing::UnorderedElementsAre;

TEST(Edac, TellsErrorsOfControllersAndRows) {
  SourceRun run("edac");
  EXPECT_THAT(run.collect(),
              UnorderedElementsAre(
                  "d node_edac_correctable_errors_total controller=0 1",
                  "d node_edac_csrow_correctable_errors_total controller=0,csrow=0 3",
                  "d node_edac_csrow_correctable_errors_total controller=0,csrow=1 30",
                  "d node_edac_csrow_correctable_errors_total controller=0,csrow=unknown 2",
                  "d node_edac_csrow_uncorrectable_errors_total controller=0,csrow=0 4",
                  "d node_edac_csrow_uncorrectable_errors_total controller=0,csrow=1 40",
                  "d node_edac_csrow_uncorrectable_errors_total controller=0,csrow=unknown 6",
                  "d node_edac_uncorrectable_errors_total controller=0 5"));
  EXPECT_EQ(run.fault(), "");
}

TEST(Edac, AHostWithoutHasNone) {
  SourceRun run("edac", {.proc = "/nonexistent", .sys = "/nonexistent", .root = "/nonexistent"});
  EXPECT_TRUE(run.collect().empty());
}

}  // namespace
}  // namespace lariat::host
