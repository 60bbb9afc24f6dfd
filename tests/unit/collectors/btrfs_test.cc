#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/collectors/source_run.h"

namespace lariat::host {
namespace {

using test::SourceRun;
using testing::UnorderedElementsAre;

TEST(Btrfs, TellsSpaceByGroupAndLayout) {
  SourceRun run("btrfs");
  EXPECT_THAT(
      run.collect(),
      UnorderedElementsAre(
          "s node_btrfs_allocation_ratio "
          "block_group_type=data,mode=raid0,uuid=0abb23a9-579b-43e6-ad30-227ef47fcb9d 1",
          "s node_btrfs_allocation_ratio "
          "block_group_type=data,mode=raid5,uuid=7f07c59f-6136-449c-ab87-e1cf2328731b "
          "1.3333333333333333",
          "s node_btrfs_allocation_ratio "
          "block_group_type=metadata,mode=raid1,uuid=0abb23a9-579b-43e6-ad30-227ef47fcb9d 2",
          "s node_btrfs_allocation_ratio "
          "block_group_type=metadata,mode=raid6,uuid=7f07c59f-6136-449c-ab87-e1cf2328731b 2",
          "s node_btrfs_allocation_ratio "
          "block_group_type=system,mode=raid1,uuid=0abb23a9-579b-43e6-ad30-227ef47fcb9d 2",
          "s node_btrfs_allocation_ratio "
          "block_group_type=system,mode=single,uuid=7f07c59f-6136-449c-ab87-e1cf2328731b 1",
          "s node_btrfs_device_size_bytes device=loop22,uuid=7f07c59f-6136-449c-ab87-e1cf2328731b "
          "10737418240",
          "s node_btrfs_device_size_bytes device=loop23,uuid=7f07c59f-6136-449c-ab87-e1cf2328731b "
          "10737418240",
          "s node_btrfs_device_size_bytes device=loop24,uuid=7f07c59f-6136-449c-ab87-e1cf2328731b "
          "10737418240",
          "s node_btrfs_device_size_bytes device=loop25,uuid=0abb23a9-579b-43e6-ad30-227ef47fcb9d "
          "10737418240",
          "s node_btrfs_device_size_bytes device=loop25,uuid=7f07c59f-6136-449c-ab87-e1cf2328731b "
          "10737418240",
          "s node_btrfs_device_size_bytes device=loop26,uuid=0abb23a9-579b-43e6-ad30-227ef47fcb9d "
          "10737418240",
          "s node_btrfs_global_rsv_size_bytes uuid=0abb23a9-579b-43e6-ad30-227ef47fcb9d 16777216",
          "s node_btrfs_global_rsv_size_bytes uuid=7f07c59f-6136-449c-ab87-e1cf2328731b 16777216",
          "s node_btrfs_info label=fixture,uuid=0abb23a9-579b-43e6-ad30-227ef47fcb9d 1",
          "s node_btrfs_info uuid=7f07c59f-6136-449c-ab87-e1cf2328731b 1",
          "s node_btrfs_reserved_bytes "
          "block_group_type=data,uuid=0abb23a9-579b-43e6-ad30-227ef47fcb9d 0",
          "s node_btrfs_reserved_bytes "
          "block_group_type=data,uuid=7f07c59f-6136-449c-ab87-e1cf2328731b 7",
          "s node_btrfs_reserved_bytes "
          "block_group_type=metadata,uuid=0abb23a9-579b-43e6-ad30-227ef47fcb9d 4096",
          "s node_btrfs_reserved_bytes "
          "block_group_type=metadata,uuid=7f07c59f-6136-449c-ab87-e1cf2328731b 0",
          "s node_btrfs_reserved_bytes "
          "block_group_type=system,uuid=0abb23a9-579b-43e6-ad30-227ef47fcb9d 0",
          "s node_btrfs_reserved_bytes "
          "block_group_type=system,uuid=7f07c59f-6136-449c-ab87-e1cf2328731b 0",
          "s node_btrfs_size_bytes "
          "block_group_type=data,mode=raid0,uuid=0abb23a9-579b-43e6-ad30-227ef47fcb9d 2147483648",
          "s node_btrfs_size_bytes "
          "block_group_type=data,mode=raid5,uuid=7f07c59f-6136-449c-ab87-e1cf2328731b 644087808",
          "s node_btrfs_size_bytes "
          "block_group_type=metadata,mode=raid1,uuid=0abb23a9-579b-43e6-ad30-227ef47fcb9d "
          "1073741824",
          "s node_btrfs_size_bytes "
          "block_group_type=metadata,mode=raid6,uuid=7f07c59f-6136-449c-ab87-e1cf2328731b "
          "429391872",
          "s node_btrfs_size_bytes "
          "block_group_type=system,mode=raid1,uuid=0abb23a9-579b-43e6-ad30-227ef47fcb9d 8388608",
          "s node_btrfs_size_bytes "
          "block_group_type=system,mode=single,uuid=7f07c59f-6136-449c-ab87-e1cf2328731b 16777216",
          "s node_btrfs_used_bytes "
          "block_group_type=data,mode=raid0,uuid=0abb23a9-579b-43e6-ad30-227ef47fcb9d 808189952",
          "s node_btrfs_used_bytes "
          "block_group_type=data,mode=raid5,uuid=7f07c59f-6136-449c-ab87-e1cf2328731b 5",
          "s node_btrfs_used_bytes "
          "block_group_type=metadata,mode=raid1,uuid=0abb23a9-579b-43e6-ad30-227ef47fcb9d 933888",
          "s node_btrfs_used_bytes "
          "block_group_type=metadata,mode=raid6,uuid=7f07c59f-6136-449c-ab87-e1cf2328731b 114688",
          "s node_btrfs_used_bytes "
          "block_group_type=system,mode=raid1,uuid=0abb23a9-579b-43e6-ad30-227ef47fcb9d 16384",
          "s node_btrfs_used_bytes "
          "block_group_type=system,mode=single,uuid=7f07c59f-6136-449c-ab87-e1cf2328731b 16384"));
  EXPECT_EQ(run.fault(), "");
}

TEST(Btrfs, AHostWithoutHasNoneAndSaysNoWord) {
  SourceRun run("btrfs", {.proc = "/nonexistent", .sys = "/nonexistent", .root = "/nonexistent"});
  EXPECT_TRUE(run.collect().empty());
  EXPECT_THAT(run.fault(), testing::AnyOf("", sdk::kNotHere));
}

}  // namespace
}  // namespace lariat::host
