#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/collectors/source_run.h"

namespace lariat::host {
namespace {

using test::SourceRun;

// It asks the kernel. A sandbox may forbid that, and then there is nothing.
TEST(Timex, TellsAllOfTheClockOrNothing) {
  SourceRun run("timex");
  const auto lines = run.collect();
  if (run.fault() == sdk::kNotHere) {
    EXPECT_TRUE(lines.empty());
    return;
  }
  EXPECT_EQ(run.fault(), "");
  EXPECT_EQ(lines.size(), 17U);
  for (const auto& line : lines) {
    EXPECT_EQ(line.starts_with("d "), line.find("_total ") != line.npos) << line;
  }
}

}  // namespace
}  // namespace lariat::host
