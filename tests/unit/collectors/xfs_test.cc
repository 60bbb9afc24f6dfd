#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/collectors/source_run.h"

namespace lariat::host {
namespace {

using test::SourceRun;
using testing::UnorderedElementsAre;

TEST(Xfs, TellsTheNamedCountsOfEachDevice) {
  SourceRun run("xfs");
  EXPECT_THAT(
      run.collect(),
      UnorderedElementsAre("d node_xfs_allocation_btree_compares_total device=sda1 20",
                           "d node_xfs_allocation_btree_lookups_total device=sda1 5",
                           "d node_xfs_allocation_btree_records_deleted_total device=sda1 22",
                           "d node_xfs_allocation_btree_records_inserted_total device=sda1 21",
                           "d node_xfs_block_map_btree_compares_total device=sda1 3",
                           "d node_xfs_block_map_btree_lookups_total device=sda1 4",
                           "d node_xfs_block_map_btree_records_deleted_total device=sda1 1",
                           "d node_xfs_block_map_btree_records_inserted_total device=sda1 2",
                           "d node_xfs_block_mapping_extent_list_compares_total device=sda1 1",
                           "d node_xfs_block_mapping_extent_list_deletions_total device=sda1 24",
                           "d node_xfs_block_mapping_extent_list_insertions_total device=sda1 10",
                           "d node_xfs_block_mapping_extent_list_lookups_total device=sda1 13",
                           "d node_xfs_block_mapping_reads_total device=sda1 76",
                           "d node_xfs_block_mapping_unmaps_total device=sda1 24",
                           "d node_xfs_block_mapping_writes_total device=sda1 23",
                           "d node_xfs_directory_operation_create_total device=sda1 2",
                           "d node_xfs_directory_operation_getdents_total device=sda1 7",
                           "d node_xfs_directory_operation_lookup_total device=sda1 3",
                           "d node_xfs_directory_operation_remove_total device=sda1 1",
                           "d node_xfs_extent_allocation_blocks_allocated_total device=sda1 10",
                           "d node_xfs_extent_allocation_blocks_freed_total device=sda1 12",
                           "d node_xfs_extent_allocation_extents_allocated_total device=sda1 1",
                           "d node_xfs_extent_allocation_extents_freed_total device=sda1 11",
                           "d node_xfs_inode_operation_attempts_total device=sda1 88",
                           "d node_xfs_inode_operation_attribute_changes_total device=sda1 22",
                           "d node_xfs_inode_operation_duplicates_total device=sda1 44",
                           "d node_xfs_inode_operation_found_total device=sda1 77",
                           "d node_xfs_inode_operation_missed_total device=sda1 55",
                           "d node_xfs_inode_operation_reclaims_total device=sda1 33",
                           "d node_xfs_inode_operation_recycled_total device=sda1 66",
                           "d node_xfs_read_calls_total device=sda1 17",
                           "d node_xfs_vnode_active_total device=sda1 92",
                           "d node_xfs_vnode_allocate_total device=sda1 5",
                           "d node_xfs_vnode_get_total device=sda1 7",
                           "d node_xfs_vnode_hold_total device=sda1 8",
                           "d node_xfs_vnode_reclaim_total device=sda1 62",
                           "d node_xfs_vnode_release_total device=sda1 61",
                           "d node_xfs_vnode_remove_total device=sda1 63",
                           "d node_xfs_write_calls_total device=sda1 28"));
  EXPECT_EQ(run.fault(), "");
}

TEST(Xfs, AHostWithoutHasNoneAndSaysNoWord) {
  SourceRun run("xfs", {.proc = "/nonexistent", .sys = "/nonexistent", .root = "/nonexistent"});
  EXPECT_TRUE(run.collect().empty());
  EXPECT_THAT(run.fault(), testing::AnyOf("", sdk::kNotHere));
}

}  // namespace
}  // namespace lariat::host
