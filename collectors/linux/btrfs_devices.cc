#include "collectors/linux/btrfs_devices.h"

#include <fcntl.h>
#include <linux/btrfs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <span>

#include "collectors/linux/mountinfo.h"
#include "collectors/sdk/scan.h"

namespace lariat::host {
namespace {

// Numbers of devices go up with each one that is added, and those removed are never used again.
constexpr std::uint64_t kMostNumbers = 4096;
// In the order of the kernel's numbers.
constexpr std::array<std::string_view, 5> kErrors = {"write", "read", "flush", "corruption",
                                                     "generation"};
static_assert(kErrors.size() == BTRFS_DEV_STAT_VALUES_MAX);

using Uuid = std::array<char, 36>;

// 8-4-4-4-12 digits.
std::string_view spell(std::span<const std::uint8_t> octets, Uuid& room) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::size_t size = 0;
  for (std::size_t i = 0; i < octets.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) room.at(size++) = '-';
    room.at(size++) = kDigits[octets[i] >> 4U];
    room.at(size++) = kDigits[octets[i] & 0xfU];
  }
  return {room.data(), size};
}

/// Open as long as it lives; below zero if that failed.
class OpenFolder {
 public:
  explicit OpenFolder(const std::string& path)
      : descriptor_(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK)) {}
  ~OpenFolder() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  OpenFolder(const OpenFolder&) = delete;
  OpenFolder& operator=(const OpenFolder&) = delete;
  [[nodiscard]] int get() const noexcept { return descriptor_; }

 private:
  int descriptor_;
};

// NOLINTBEGIN(cppcoreguidelines-pro-type-vararg): the system call is one.
bool ask(int directory, btrfs_ioctl_fs_info_args& about) {
  return ::ioctl(directory, BTRFS_IOC_FS_INFO, &about) == 0;
}
bool ask(int directory, btrfs_ioctl_dev_info_args& about) {
  return ::ioctl(directory, BTRFS_IOC_DEV_INFO, &about) == 0;
}
bool ask(int directory, btrfs_ioctl_get_dev_stats& errors) {
  return ::ioctl(directory, BTRFS_IOC_GET_DEV_STATS, &errors) == 0;
}
// NOLINTEND(cppcoreguidelines-pro-type-vararg)

}  // namespace

BtrfsDevices::BtrfsDevices(sdk::Host& host)
    : host_(host),
      hosts_(host.paths().proc + "/1/mountinfo"),
      own_(host.paths().proc + "/self/mountinfo") {}

void BtrfsDevices::begin() {
  if (known_ && !hosts_.may_have_changed()) return;
  auto text = hosts_.read();
  known_ = text.has_value();
  if (!text) text = own_.read();
  mounted_.clear();
  if (text) find_mounts(*text);
}

// One mount of each file system will do.
void BtrfsDevices::find_mounts(std::string_view mountinfo) {
  std::string_view line;
  while (sdk::take_line(mountinfo, line)) {
    if (line.find(" btrfs ") == line.npos) continue;
    const auto mount = parse_mount(line);
    if (!mount || mount->type != "btrfs") continue;
    std::string point = host_.paths().in_root(mount->point);
    const OpenFolder directory(point);
    btrfs_ioctl_fs_info_args about{};
    if (directory.get() < 0 || !ask(directory.get(), about)) continue;
    Uuid room;
    const auto id = spell(about.fsid, room);
    if (std::ranges::find(mounted_, id, &Mounted::id) != mounted_.end()) continue;
    mounted_.push_back({std::string(id), std::move(point), {}});
  }
}

bool BtrfsDevices::put(std::string_view id, std::string_view uuid, sdk::Answer& answer) {
  const auto found = std::ranges::find(mounted_, id, &Mounted::id);
  if (found == mounted_.end()) return false;
  const OpenFolder directory(found->point);
  btrfs_ioctl_fs_info_args about{};
  if (directory.get() < 0 || !ask(directory.get(), about)) return false;
  const auto mark = answer.mark();
  std::uint64_t left = about.num_devices;
  found->devices.begin();
  for (std::uint64_t number = 1;
       left > 0 && number <= std::min<std::uint64_t>(about.max_id, kMostNumbers); ++number) {
    if (put_device(directory.get(), number, uuid, found->devices, answer)) --left;
  }
  found->devices.end();
  if (left == 0) return true;
  answer.roll_back(mark);
  return false;
}

bool BtrfsDevices::put_device(int directory, std::uint64_t number, std::string_view uuid,
                              RoundCache<Device>& devices, sdk::Answer& answer) {
  btrfs_ioctl_dev_info_args about{};
  about.devid = number;
  if (!ask(directory, about)) return false;
  btrfs_ioctl_get_dev_stats errors{};
  errors.devid = number;
  errors.nr_items = kErrors.size();
  if (!ask(directory, errors)) return false;

  const auto* const path = reinterpret_cast<const char*>(about.path);
  const std::string_view name(path, ::strnlen(path, sizeof(about.path)));
  Uuid room;
  const auto device_uuid = spell(about.uuid, room);
  std::string key(device_uuid);
  key.append(name);
  const Device& device =
      devices.at(key, [&](std::string_view) { return make_device(name, uuid, device_uuid); });
  answer.sample("node_btrfs_device_size_bytes", static_cast<double>(about.total_bytes),
                device.tags);
  answer.sample("node_btrfs_device_unused_bytes",
                static_cast<double>(about.total_bytes) - static_cast<double>(about.bytes_used),
                device.tags);
  for (std::size_t i = 0; i < kErrors.size(); ++i) {
    answer.delta("node_btrfs_device_errors_total", static_cast<double>(errors.values[i]),
                 device.errors.at(i));
  }
  return true;
}

BtrfsDevices::Device BtrfsDevices::make_device(std::string_view path, std::string_view uuid,
                                               std::string_view device_uuid) {
  constexpr std::string_view kFolder = "/dev/";
  if (path.starts_with(kFolder)) path.remove_prefix(kFolder.size());
  const sdk::Tags::Pair whose{"btrfs_dev_uuid", device_uuid};
  Device device;
  device.tags = sdk::Tags{whose, {"device", path}, {"uuid", uuid}}.text();
  for (std::size_t i = 0; i < kErrors.size(); ++i) {
    device.errors.at(i) =
        sdk::Tags{whose, {"device", path}, {"type", kErrors.at(i)}, {"uuid", uuid}}.text();
  }
  return device;
}

}  // namespace lariat::host
