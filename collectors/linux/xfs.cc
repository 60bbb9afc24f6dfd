#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include "collectors/linux/all.h"
#include "collectors/linux/fault.h"
#include "collectors/linux/round_cache.h"
#include "collectors/sdk/scan.h"

namespace lariat::host {
namespace {

constexpr std::size_t kMostColumns = 7;

// A line of the statistics: its first word, and a metric for each number behind it. An empty one
// is not told.
struct Line {
  std::string_view key;
  std::array<std::string_view, kMostColumns> metrics;
};
constexpr std::array kLines = {
    Line{"extent_alloc",
         {"node_xfs_extent_allocation_extents_allocated_total",
          "node_xfs_extent_allocation_blocks_allocated_total",
          "node_xfs_extent_allocation_extents_freed_total",
          "node_xfs_extent_allocation_blocks_freed_total"}},
    Line{"abt",
         {"node_xfs_allocation_btree_lookups_total", "node_xfs_allocation_btree_compares_total",
          "node_xfs_allocation_btree_records_inserted_total",
          "node_xfs_allocation_btree_records_deleted_total"}},
    Line{"blk_map",
         {"node_xfs_block_mapping_reads_total", "node_xfs_block_mapping_writes_total",
          "node_xfs_block_mapping_unmaps_total",
          "node_xfs_block_mapping_extent_list_insertions_total",
          "node_xfs_block_mapping_extent_list_deletions_total",
          "node_xfs_block_mapping_extent_list_lookups_total",
          "node_xfs_block_mapping_extent_list_compares_total"}},
    Line{"bmbt",
         {"node_xfs_block_map_btree_lookups_total", "node_xfs_block_map_btree_compares_total",
          "node_xfs_block_map_btree_records_inserted_total",
          "node_xfs_block_map_btree_records_deleted_total"}},
    Line{"dir",
         {"node_xfs_directory_operation_lookup_total", "node_xfs_directory_operation_create_total",
          "node_xfs_directory_operation_remove_total",
          "node_xfs_directory_operation_getdents_total"}},
    Line{"ig",
         {"node_xfs_inode_operation_attempts_total", "node_xfs_inode_operation_found_total",
          "node_xfs_inode_operation_recycled_total", "node_xfs_inode_operation_missed_total",
          "node_xfs_inode_operation_duplicates_total", "node_xfs_inode_operation_reclaims_total",
          "node_xfs_inode_operation_attribute_changes_total"}},
    Line{"rw", {"node_xfs_write_calls_total", "node_xfs_read_calls_total"}},
    Line{"vnodes",
         {"node_xfs_vnode_active_total", "node_xfs_vnode_allocate_total",
          "node_xfs_vnode_get_total", "node_xfs_vnode_hold_total", "node_xfs_vnode_release_total",
          "node_xfs_vnode_reclaim_total", "node_xfs_vnode_remove_total"}},
};

bool put_line(const Line& line, std::string_view words, std::string_view tags,
              sdk::Answer& answer) {
  for (const std::string_view metric : line.metrics) {
    if (metric.empty()) break;
    const auto value = sdk::parse<std::uint64_t>(sdk::take_word(words));
    if (!value) return false;
    answer.delta(metric, static_cast<double>(*value), tags);
  }
  return true;
}

struct Device {
  sdk::SysFile stats;
  sdk::Tags tags;
};

class XfsSource : public sdk::Source {
 public:
  explicit XfsSource(sdk::Host& host) : host_(host), folder_(host.paths().sys + "/fs/xfs") {}

  std::string collect(sdk::Answer& answer) override {
    std::string fault;
    devices_.begin();
    const bool good = folder_.list([this, &answer, &fault](std::string_view name) {
      // The sum of all, and settings.
      if (name == "stats" || name == "debug") return;
      const auto make_it = [this](std::string_view of) { return make(of); };
      if (fault.empty()) fault = put(devices_.at(name, make_it), answer);
    });
    devices_.end();
    if (!fault.empty()) return fault;
    return good || folder_.is_absent() ? std::string() : folder_.error();
  }

 private:
  [[nodiscard]] Device make(std::string_view name) const {
    return {sdk::SysFile(folder_.path() + '/' + std::string(name) + "/stats/stats",
                         host_.descriptors()),
            sdk::Tags{{"device", name}}};
  }

  static std::string put(Device& device, sdk::Answer& answer) {
    std::array<char, sdk::SysFile::kRoom> room;
    const auto text = device.stats.read(room);
    // Unmounted meanwhile.
    if (!text) return device.stats.is_absent() ? std::string() : device.stats.error();
    std::string_view rest = *text;
    std::string_view line;
    while (sdk::take_line(rest, line)) {
      const std::string_view whole = line;
      const auto* const known = std::ranges::find(kLines, sdk::take_word(line), &Line::key);
      if (known == kLines.end()) continue;
      if (!put_line(*known, line, device.tags.text(), answer)) {
        return not_understood(device.stats.path(), whole);
      }
    }
    return {};
  }

  sdk::Host& host_;
  sdk::Folder folder_;
  RoundCache<Device> devices_;
};

}  // namespace

std::unique_ptr<sdk::Source> make_xfs(sdk::Host& host) { return std::make_unique<XfsSource>(host); }

}  // namespace lariat::host
