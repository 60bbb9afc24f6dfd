#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "tests/support/process.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/collectors/source_run.h"

// A real file system of 16 MiB, made by `mkfs.btrfs --mixed`, mounted for as long as a test lasts.

namespace lariat::host {
namespace {

using test::SourceRun;
using testing::Contains;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

bool runs(const std::vector<std::string>& words) { return test::Process(words).wait() == 0; }

class BtrfsMounted : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "only root mounts";
    const std::string image = folder_.file("image");
    std::filesystem::create_directory(point_);
    ASSERT_TRUE(runs({"/bin/sh", "-c", "gzip -dc \"$1\" > \"$2\"", "sh",
                      LARIAT_FIXTURES "/btrfs/small.img.gz", image}));
    mounted_ = runs({"/bin/mount", "-o", "loop,ro", "-t", "btrfs", image, point_});
    if (!mounted_) GTEST_SKIP() << "this kernel has no btrfs, or no loop devices for us";
  }
  ~BtrfsMounted() override {
    if (mounted_) runs({"/bin/umount", point_});
  }

  test::TemporaryDirectory folder_;
  std::string point_ = folder_.file("point");
  bool mounted_ = false;
};

constexpr const char* kId = "uuid=11111111-2222-3333-4444-555555555555";

TEST_F(BtrfsMounted, TellsOfItsDevicesWhatItSaysItself) {
  SourceRun run("btrfs", {});
  for (int round = 0; round < 2; ++round) {
    const auto lines = run.collect();
    EXPECT_EQ(run.fault(), "");
    EXPECT_THAT(lines, Contains(std::string("s node_btrfs_info label=lariat,") + kId + " 1"));
    const std::string device = "btrfs_dev_uuid=[-0-9a-f]*,device=loop[0-9]*";
    EXPECT_THAT(lines, Contains(ContainsRegex("^s node_btrfs_device_size_bytes " + device + "," +
                                              kId + " 16777216$")));
    EXPECT_THAT(lines, Contains(ContainsRegex("^s node_btrfs_device_unused_bytes " + device + "," +
                                              kId + " [0-9]+$")));
    for (const char* type : {"write", "read", "flush", "corruption", "generation"}) {
      EXPECT_THAT(lines, Contains(ContainsRegex("^d node_btrfs_device_errors_total " + device +
                                                ",type=" + type + "," + kId + " 0$")));
    }
  }
}

TEST_F(BtrfsMounted, TellsWhatSysKnowsWhereItCannotBeOpened) {
  SourceRun run("btrfs", {.root = "/nonexistent"});
  const auto lines = run.collect();
  EXPECT_THAT(lines, Contains(ContainsRegex(std::string("^s node_btrfs_device_size_bytes "
                                                        "device=loop[0-9]*,") +
                                            kId + " 16777216$")));
  EXPECT_THAT(lines, Not(Contains(HasSubstr("errors"))));
}

}  // namespace
}  // namespace lariat::host
