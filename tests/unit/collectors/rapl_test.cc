#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/collectors/source_run.h"

namespace lariat::host {
namespace {

using test::SourceRun;
using testing::UnorderedElementsAre;

TEST(Rapl, IsInJoulesAndNumbersZonesByNameOrByCount) {
  SourceRun run("rapl");
  const std::string folder = test::fixture_paths().sys + "/class/powercap/";
  const auto line = [&folder](const char* part, const char* index, const char* zone) {
    return "d node_rapl_" + std::string(part) + "_joules_total index=" + index + ",path=" + folder +
           zone;
  };
  EXPECT_THAT(run.collect(),
              UnorderedElementsAre(line("core", "0", "intel-rapl:0:0") + " 118821.284256",
                                   line("package", "0", "intel-rapl-mmio:0") + " 9",
                                   line("package", "0", "intel-rapl:0") + " 240422.366267",
                                   line("package", "1", "intel-rapl:1") + " 7e-06",
                                   line("psys", "0", "intel-rapl:2") + " 3"));
  EXPECT_EQ(run.fault(), "");
}

}  // namespace
}  // namespace lariat::host
