#include "collectors/linux/udev.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <optional>

#include "collectors/sdk/proc_file.h"
#include "collectors/sdk/scan.h"

namespace lariat::host {
namespace {

struct Key {
  std::string_view name;
  std::string UdevProperties::*member;
};

constexpr std::array kKeys = {
    Key{"DM_LV_LAYER", &UdevProperties::dm_lv_layer},
    Key{"DM_LV_NAME", &UdevProperties::dm_lv_name},
    Key{"DM_NAME", &UdevProperties::dm_name},
    Key{"DM_UUID", &UdevProperties::dm_uuid},
    Key{"DM_VG_NAME", &UdevProperties::dm_vg_name},
    Key{"ID_ATA", &UdevProperties::ata},
    Key{"ID_ATA_ROTATION_RATE_RPM", &UdevProperties::ata_rotation_rate},
    Key{"ID_ATA_WRITE_CACHE", &UdevProperties::ata_write_cache},
    Key{"ID_ATA_WRITE_CACHE_ENABLED", &UdevProperties::ata_write_cache_enabled},
    Key{"ID_FS_TYPE", &UdevProperties::fs_type},
    Key{"ID_FS_USAGE", &UdevProperties::fs_usage},
    Key{"ID_FS_UUID", &UdevProperties::fs_uuid},
    Key{"ID_FS_VERSION", &UdevProperties::fs_version},
    Key{"ID_MODEL", &UdevProperties::model},
    Key{"ID_PATH", &UdevProperties::path},
    Key{"ID_REVISION", &UdevProperties::revision},
    Key{"ID_SERIAL_SHORT", &UdevProperties::serial_short},
    Key{"ID_WWN", &UdevProperties::wwn},
};

}  // namespace

UdevProperties parse_udev(std::string_view text) {
  UdevProperties properties;
  std::string_view line;
  while (sdk::take_line(text, line)) {
    if (!line.starts_with("E:")) continue;
    line.remove_prefix(2);
    const std::size_t equals = line.find('=');
    const auto* const key = std::ranges::find(kKeys, line.substr(0, equals), &Key::name);
    if (equals != line.npos && key != kKeys.end()) {
      properties.*(key->member) = line.substr(equals + 1);
    }
  }
  return properties;
}

bool UdevFile::refresh() {
  struct stat now {};
  if (::stat(path_.c_str(), &now) != 0) now = {};
  // udev replaces the file when something has changed.
  const bool same = now.st_ino == inode_ && now.st_mtim.tv_sec == changed_.tv_sec &&
                    now.st_mtim.tv_nsec == changed_.tv_nsec;
  if (looked_ && same) return false;
  looked_ = true;
  inode_ = now.st_ino;
  changed_ = now.st_mtim;
  const auto text = sdk::read_file(path_);
  properties_ = text ? parse_udev(*text) : UdevProperties{};
  return true;
}

}  // namespace lariat::host
