#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "collectors/linux/all.h"
#include "collectors/linux/device_names.h"
#include "collectors/linux/round_cache.h"
#include "collectors/linux/udev.h"
#include "collectors/sdk/scan.h"

namespace lariat::host {
namespace {

struct Column {
  std::string_view metric;
  double unit;
  bool counter = true;
};

constexpr double kSector = 512;
// A product with 0.001, not a quotient by 1000, gives the same last digits as node_exporter's.
constexpr double kMillisecond = 0.001;

// Behind the device's name. The first 11 are on every kernel since 2.6; 4.18 added those of
// discards, 5.5 those of flushes. What may follow is not known.
constexpr std::array kColumns = {
    Column{"node_disk_reads_completed_total", 1},
    Column{"node_disk_reads_merged_total", 1},
    Column{"node_disk_read_bytes_total", kSector},
    Column{"node_disk_read_time_seconds_total", kMillisecond},
    Column{"node_disk_writes_completed_total", 1},
    Column{"node_disk_writes_merged_total", 1},
    Column{"node_disk_written_bytes_total", kSector},
    Column{"node_disk_write_time_seconds_total", kMillisecond},
    Column{"node_disk_io_now", 1, false},
    Column{"node_disk_io_time_seconds_total", kMillisecond},
    Column{"node_disk_io_time_weighted_seconds_total", kMillisecond},
    Column{"node_disk_discards_completed_total", 1},
    Column{"node_disk_discards_merged_total", 1},
    Column{"node_disk_discarded_sectors_total", 1},
    Column{"node_disk_discard_time_seconds_total", kMillisecond},
    Column{"node_disk_flush_requests_total", 1},
    Column{"node_disk_flush_requests_time_seconds_total", kMillisecond},
};
constexpr std::size_t kFewestColumns = 11;

struct Disk {
  std::string major;
  std::string minor;
  std::string name;
  bool ignored = false;
  sdk::Tags tags;
  std::optional<UdevFile> udev;
  sdk::Tags info;
  sdk::Tags filesystem;  // Empty: nothing is known of it.
  sdk::Tags mapper;
};

// Of what udev knows, the tags of the metrics `…_info`.
void describe(Disk& disk) {
  const UdevProperties& of = disk.udev->properties();
  disk.info =
      sdk::Tags{{"device", disk.name},       {"major", disk.major}, {"minor", disk.minor},
                {"model", of.model},         {"path", of.path},     {"revision", of.revision},
                {"serial", of.serial_short}, {"wwn", of.wwn}};
  disk.filesystem = {};
  disk.mapper = {};
  if (!of.fs_type.empty()) {
    disk.filesystem = sdk::Tags{{"device", disk.name},
                                {"type", of.fs_type},
                                {"usage", of.fs_usage},
                                {"uuid", of.fs_uuid},
                                {"version", of.fs_version}};
  }
  if (!of.dm_name.empty()) {
    disk.mapper =
        sdk::Tags{{"device", disk.name}, {"lv_layer", of.dm_lv_layer}, {"lv_name", of.dm_lv_name},
                  {"name", of.dm_name},  {"uuid", of.dm_uuid},         {"vg_name", of.dm_vg_name}};
  }
}

void put_ata(const Disk& disk, sdk::Answer& answer) {
  const UdevProperties& of = disk.udev->properties();
  if (of.ata.empty()) return;
  const auto put = [&](std::string_view metric, const std::string& text) {
    if (const auto value = sdk::parse<double>(text))
      answer.sample(metric, *value, disk.tags.text());
  };
  put("node_disk_ata_rotation_rate_rpm", of.ata_rotation_rate);
  put("node_disk_ata_write_cache", of.ata_write_cache);
  put("node_disk_ata_write_cache_enabled", of.ata_write_cache_enabled);
}

class DiskstatsSource : public sdk::Source {
 public:
  explicit DiskstatsSource(sdk::Host& host)
      : host_(host), udev_folder_(host.paths().in_root("/run/udev/data")) {}

  std::string collect(sdk::Answer& answer) override {
    std::string error;
    const auto content = host_.read_proc("diskstats", error, sdk::ProcFile::Shape::kRecords);
    if (!content) return error;
    std::string_view rest = *content;
    std::string_view line;
    disks_.begin();
    while (sdk::take_line(rest, line)) {
      const std::string_view whole = line;
      if (!take_disk(line, answer)) {
        return "/proc/diskstats has a line that is not understood: " +
               std::string(whole.substr(0, 80));
      }
    }
    disks_.end();
    return {};
  }

 private:
  bool take_disk(std::string_view line, sdk::Answer& answer) {
    const std::string_view major = sdk::take_word(line);
    if (major.empty()) return true;
    const std::string_view minor = sdk::take_word(line);
    const std::string_view name = sdk::take_word(line);
    if (name.empty() || !sdk::parse<std::uint32_t>(major) || !sdk::parse<std::uint32_t>(minor)) {
      return false;
    }
    const std::string_view key(major.data(),
                               static_cast<std::size_t>(name.data() + name.size() - major.data()));
    Disk& disk = disks_.at(key, [&](std::string_view) { return make(major, minor, name); });
    return disk.ignored || put_columns(line, disk, answer);
  }

  [[nodiscard]] Disk make(std::string_view major, std::string_view minor,
                          std::string_view name) const {
    Disk disk{.major = std::string(major), .minor = std::string(minor), .name = std::string(name)};
    disk.ignored = is_ignored_disk(name);
    if (disk.ignored) return disk;
    disk.tags = sdk::Tags{{"device", name}};
    disk.udev.emplace(udev_folder_ + "/b" + disk.major + ':' + disk.minor);
    return disk;
  }

  // Old kernels' lines of partitions have four columns: these are left out.
  static bool put_columns(std::string_view line, Disk& disk, sdk::Answer& answer) {
    std::array<std::uint64_t, kColumns.size()> values;
    std::size_t count = 0;
    for (std::string_view word; count < values.size() && !(word = sdk::take_word(line)).empty();) {
      const auto value = sdk::parse<std::uint64_t>(word);
      if (!value) return false;
      values[count++] = *value;
    }
    if (count < kFewestColumns) return true;
    if (disk.udev->refresh()) describe(disk);
    answer.sample("node_disk_info", 1, disk.info.text());
    for (std::size_t i = 0; i < count; ++i) {
      const Column& column = kColumns[i];
      const double value = static_cast<double>(values[i]) * column.unit;
      column.counter ? answer.delta(column.metric, value, disk.tags.text())
                     : answer.sample(column.metric, value, disk.tags.text());
    }
    if (const auto& tags = disk.filesystem.text(); !tags.empty()) {
      answer.sample("node_disk_filesystem_info", 1, tags);
    }
    if (const auto& tags = disk.mapper.text(); !tags.empty()) {
      answer.sample("node_disk_device_mapper_info", 1, tags);
    }
    put_ata(disk, answer);
    return true;
  }

  sdk::Host& host_;
  std::string udev_folder_;
  RoundCache<Disk> disks_;
};

}  // namespace

std::unique_ptr<sdk::Source> make_diskstats(sdk::Host& host) {
  return std::make_unique<DiskstatsSource>(host);
}

}  // namespace lariat::host
