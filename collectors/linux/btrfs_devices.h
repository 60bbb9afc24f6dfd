#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/linux/round_cache.h"
#include "collectors/sdk/source.h"

namespace lariat::host {

/// What only the mounted file system says of its devices (linux/btrfs.h): how much of them is in
/// no use, and their errors. One ioctl a value group; the kernel asks for no privilege, but the
/// mount point must be one that we can open.
class BtrfsDevices {
 public:
  /// Borrows `host`.
  explicit BtrfsDevices(sdk::Host& host);

  /// Begins a round: looks where file systems are mounted, if that has changed.
  void begin();
  /// Tells of the devices of the file system `id`, its name in /sys, whose tag is `uuid`. False if
  /// it cannot be asked; then nothing of it was told.
  [[nodiscard]] bool put(std::string_view id, std::string_view uuid, sdk::Answer& answer);

 private:
  struct Device {
    std::string tags;
    std::array<std::string, 5> errors;  // Tags, as kErrors.
  };
  struct Mounted {
    std::string id;
    std::string point;
    RoundCache<Device> devices;
  };
  void find_mounts(std::string_view mountinfo);
  static bool put_device(int directory, std::uint64_t number, std::string_view uuid,
                         RoundCache<Device>& devices, sdk::Answer& answer);
  static Device make_device(std::string_view path, std::string_view uuid,
                            std::string_view device_uuid);

  sdk::Host& host_;
  sdk::ProcFile hosts_;
  sdk::ProcFile own_;
  bool known_ = false;
  std::vector<Mounted> mounted_;
};

}  // namespace lariat::host
