#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/support/temporary_directory.h"
#include "tests/unit/collectors/source_run.h"

namespace lariat::host {
namespace {

using test::SourceRun;
using testing::Contains;
using testing::HasSubstr;
using testing::IsSupersetOf;
using testing::Not;

TEST(Zfs, TellsTheNumbersOfTheModule) {
  SourceRun run("zfs");
  const auto lines = run.collect();
  EXPECT_EQ(run.fault(), "");
  EXPECT_THAT(
      lines,
      IsSupersetOf({"d node_zfs_arc_hits 8772612", "s node_zfs_arc_size 1603939792",
                    "s node_zfs_arc_memory_available_bytes 922337",
                    "d node_zfs_arc_mru_ghost_hits 21100", "s node_zfs_abd_linear_cnt 62",
                    "s node_zfs_dbuf_cache_count 27", "d node_zfs_dbuf_hash_misses 1851",
                    "d node_zfs_dmu_tx_dmu_tx_assigned 3532844",
                    "s node_zfs_dnode_dnode_move_active 0", "d node_zfs_fm_erpt_set_failed 202",
                    "d node_zfs_zil_zil_commit_count 10"}));
  EXPECT_THAT(lines, Not(Contains(HasSubstr("dbgmsg"))));
}

TEST(Zfs, TellsOfPoolsAndDatasets) {
  SourceRun run("zfs");
  run.collect();
  const auto lines = run.collect();
  EXPECT_THAT(lines,
              IsSupersetOf({"d node_zfs_zpool_nread zpool=tank 1884160",
                            "s node_zfs_zpool_rcnt zpool=tank 1",
                            "s node_zfs_zpool_state state=degraded,zpool=tank 1",
                            "s node_zfs_zpool_state state=online,zpool=tank 0",
                            "d node_zfs_zpool_dataset_writes dataset=tank/home,zpool=tank 70",
                            "d node_zfs_zpool_dataset_nunlinked dataset=tank,zpool=tank 2"}));
}

class ZfsFolder : public testing::Test {
 protected:
  void write(const std::string& file, const std::string& text) {
    const auto path = std::filesystem::path(folder_.path()) / "spl/kstat/zfs" / file;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  SourceRun run() { return SourceRun("zfs", {.proc = folder_.path(), .sys = "/nonexistent"}); }

  test::TemporaryDirectory folder_;
};

TEST_F(ZfsFolder, ADatasetMayHaveABlankInItsName) {
  write("p/objset-0x1", "7 1\nname type data\ndataset_name 7 p/My Files\nwrites 4 5\n");
  auto source = run();
  EXPECT_THAT(source.collect(), Contains("d node_zfs_zpool_dataset_writes "
                                         "dataset=p/My Files,zpool=p 5"));
}

TEST_F(ZfsFolder, WhatIsMissingIsANumberBelowZero) {
  write("arcstats", "13 1\nname type data\nmemory_available_bytes 3 -922337\n");
  auto source = run();
  EXPECT_THAT(source.collect(), Contains("s node_zfs_arc_memory_available_bytes -922337"));
}

TEST_F(ZfsFolder, ANumberThatIsNoneIsToldOf) {
  write("arcstats", "13 1\nname type data\nhits 4 many\n");
  auto source = run();
  source.collect();
  EXPECT_THAT(source.fault(), HasSubstr("arcstats has a line that is not understood: hits"));
  write("arcstats", "no head\n");
  source.collect();
  EXPECT_THAT(source.fault(), HasSubstr("arcstats has a line"));
}

TEST(Zfs, AHostWithoutHasNoneAndSaysNoWord) {
  SourceRun run("zfs", {.proc = "/nonexistent", .sys = "/nonexistent", .root = "/nonexistent"});
  EXPECT_TRUE(run.collect().empty());
  EXPECT_EQ(run.fault(), sdk::kNotHere);
}

}  // namespace
}  // namespace lariat::host
