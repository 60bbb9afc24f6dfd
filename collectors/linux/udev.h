#pragma once

#include <sys/types.h>

#include <array>
#include <ctime>
#include <string>
#include <string_view>

namespace lariat::host {

/// What udev knows of a block device: the few properties that we tell.
struct UdevProperties {
  std::string ata;
  std::string ata_rotation_rate;
  std::string ata_write_cache;
  std::string ata_write_cache_enabled;
  std::string dm_lv_layer;
  std::string dm_lv_name;
  std::string dm_name;
  std::string dm_uuid;
  std::string dm_vg_name;
  std::string fs_type;
  std::string fs_usage;
  std::string fs_uuid;
  std::string fs_version;
  std::string model;
  std::string path;
  std::string revision;
  std::string serial_short;
  std::string wwn;
};

/// Reads the lines `E:KEY=VALUE` of a file of udev's database.
[[nodiscard]] UdevProperties parse_udev(std::string_view text);

/// The file of one device, read again only when it has changed.
class UdevFile {
 public:
  explicit UdevFile(std::string path) : path_(std::move(path)) {}

  /// Whether `properties` are new; they are empty when there is no file.
  [[nodiscard]] bool refresh();
  [[nodiscard]] const UdevProperties& properties() const noexcept { return properties_; }

 private:
  std::string path_;
  bool looked_ = false;
  ino_t inode_ = 0;
  timespec changed_{};
  UdevProperties properties_;
};

}  // namespace lariat::host
