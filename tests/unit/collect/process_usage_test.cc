#include "agent/collect/process_usage.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/support/temporary_directory.h"

namespace lariat::collect {
namespace {

using std::chrono::microseconds;

/// A folder in place of /proc with one process, 42.
class ProcessUsageTest : public testing::Test {
 protected:
  ProcessUsageTest() { std::filesystem::create_directory(folder_.file("42")); }
  void write(const std::string& file, const std::string& text) {
    std::ofstream(folder_.file("42/" + file), std::ios::trunc) << text;
  }
  [[nodiscard]] std::optional<ProcessUsage> usage() const {
    return usage_of_living(42, folder_.file(""));
  }

  test::TemporaryDirectory folder_;
};

TEST_F(ProcessUsageTest, CountsItsTimeAndThatOfChildrenItWaitedFor) {
  write("stat",
        "42 (a ) 9 8 (b) S 1 42 42 0 -1 4194304 100 200 0 0 7 11 13 17 20 0 1 0 500 1 2 3\n");
  write("status", "Name:\ta ) 9\nVmPeak:\t 99 kB\nVmHWM:\t    1234 kB\nVmRSS:\t 5 kB\n");
  ASSERT_TRUE(usage().has_value());
  EXPECT_EQ(usage()->cpu, microseconds((7 + 11 + 13 + 17) * 1'000'000 / ::sysconf(_SC_CLK_TCK)));
  EXPECT_EQ(usage()->max_resident, 1234U * 1024U);
}

TEST_F(ProcessUsageTest, OneThatEndsHasNoMemoryAndOneThatIsGoneNothing) {
  EXPECT_FALSE(usage().has_value());
  write("stat", "42 (x) Z 1 42 42 0 -1 4194304 100 200 0 0 1 1 0 0 20 0 1 0 500 0 0 0\n");
  write("status", "Name:\tx\nState:\tZ (zombie)\n");
  ASSERT_TRUE(usage().has_value());
  EXPECT_EQ(usage()->max_resident, 0U);
}

TEST_F(ProcessUsageTest, WhatIsNoSuchLineIsNothing) {
  for (const auto* text :
       {"", "42", "42 (x", "42 (x) S 1 2", "42 (x) S 1 42 42 0 -1 4 1 2 0 0 1 1 a 0"}) {
    write("stat", text);
    EXPECT_FALSE(usage().has_value()) << text;
  }
}

TEST(ProcessUsage, OfThisProcessIsNeverMoreThanTheKernelSaysLater) {
  const auto living = usage_of_living(::getpid());
  ASSERT_TRUE(living.has_value());
  rusage own{};
  rusage children{};
  ASSERT_EQ(::getrusage(RUSAGE_SELF, &own), 0);
  ASSERT_EQ(::getrusage(RUSAGE_CHILDREN, &children), 0);
  EXPECT_GT(living->max_resident, 0U);
  EXPECT_LE(living->cpu, usage_of(own).cpu + usage_of(children).cpu);
  EXPECT_GE(usage_of(own).max_resident, living->max_resident / 2);
}

}  // namespace
}  // namespace lariat::collect
