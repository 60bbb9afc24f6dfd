#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "collectors/linux/all.h"
#include "collectors/linux/btrfs_devices.h"
#include "collectors/linux/device_files.h"
#include "collectors/linux/round_cache.h"
#include "collectors/sdk/scan.h"

namespace lariat::host {
namespace {

constexpr double kSector = 512;
constexpr std::array<std::string_view, 3> kGroups = {"data", "metadata", "system"};
// How blocks are laid out on the devices; a folder of that name is there if any are so.
constexpr std::array<std::string_view, 9> kModes = {
    "single", "dup", "raid0", "raid1", "raid10", "raid5", "raid6", "raid1c3", "raid1c4"};

constexpr std::array kReserve = {
    NumberFiles::Column{"global_rsv_size", "node_btrfs_global_rsv_size_bytes"},
};
constexpr std::array kReserved = {
    NumberFiles::Column{"bytes_reserved", "node_btrfs_reserved_bytes"},
};
constexpr std::array kLaidOut = {
    NumberFiles::Column{"used_bytes", "node_btrfs_used_bytes"},
    NumberFiles::Column{"total_bytes", "node_btrfs_size_bytes"},
};
constexpr std::array kDevice = {
    NumberFiles::Column{"size", "node_btrfs_device_size_bytes", 1, kSector},
};

// How many octets of the devices one octet takes.
double ratio_of(std::string_view mode, std::size_t devices) {
  const auto parity = [devices](std::size_t lost) {
    return devices > lost ? static_cast<double>(devices) / static_cast<double>(devices - lost) : 0;
  };
  if (mode == "single" || mode == "raid0") return 1;
  if (mode == "raid5") return parity(1);
  if (mode == "raid6") return parity(2);
  if (mode == "raid1c3") return 3;
  return mode == "raid1c4" ? 4 : 2;
}

struct Numbers {
  NumberFiles files;
  std::string tags;
};

struct Ratio {
  std::string_view mode;
  std::string tags;
};

struct FileSystem {
  std::string id;  // Its name in /sys, of which `uuid` may be another one.
  std::string uuid;
  std::string folder;
  sdk::SysFile label;
  std::string label_text;
  sdk::Tags info;
  sdk::Folder devices_folder;
  std::vector<Numbers> numbers;
  std::vector<Ratio> ratios;
  RoundCache<Numbers> devices;
};

class BtrfsSource : public sdk::Source {
 public:
  explicit BtrfsSource(sdk::Host& host)
      : host_(host), folder_(host.paths().sys + "/fs/btrfs"), mounted_(host) {}

  std::string collect(sdk::Answer& answer) override {
    systems_.begin();
    bool any = false;
    const bool good = folder_.list([this, &answer, &any](std::string_view name) {
      // A file system is called by its identifier; `features` is none.
      if (name.find('-') == name.npos) return;
      if (!std::exchange(any, true)) mounted_.begin();
      const auto make_it = [this](std::string_view of) { return make(of); };
      put(systems_.at(name, make_it), answer);
    });
    systems_.end();
    return good || folder_.is_absent() ? std::string() : folder_.error();
  }

 private:
  void put(FileSystem& system, sdk::Answer& answer) {
    std::array<char, sdk::SysFile::kRoom> room;
    const auto label = system.label.read(room).value_or(std::string_view());
    if (label != system.label_text || system.info.text().empty()) {
      system.label_text = label;
      system.info = sdk::Tags{{"label", label}, {"uuid", system.uuid}};
    }
    answer.sample("node_btrfs_info", 1, system.info.text());
    for (Numbers& numbers : system.numbers) numbers.files.put(answer, numbers.tags);
    const bool asked = mounted_.put(system.id, system.uuid, answer);
    std::size_t devices = 0;
    system.devices.begin();
    system.devices_folder.list([&](std::string_view name) {
      ++devices;
      const auto make_it = [&](std::string_view of) { return make_device(system, of); };
      Numbers& device = system.devices.at(name, make_it);
      if (!asked) device.files.put(answer, device.tags);
    });
    system.devices.end();
    for (const auto& [mode, tags] : system.ratios) {
      answer.sample("node_btrfs_allocation_ratio", ratio_of(mode, devices), tags);
    }
  }

  [[nodiscard]] Numbers make_device(const FileSystem& system, std::string_view name) const {
    return {NumberFiles(system.folder + "/devices/" + std::string(name), kDevice, host_),
            sdk::Tags{{"device", name}, {"uuid", system.uuid}}.text()};
  }

  [[nodiscard]] FileSystem make(std::string_view name) const {
    const std::string folder = folder_.path() + '/' + std::string(name);
    FileSystem system{.id = std::string(name),
                      .uuid = sdk::read_file(folder + "/metadata_uuid").value_or(std::string(name)),
                      .folder = folder,
                      .label = sdk::SysFile(folder + "/label", host_.descriptors()),
                      .label_text = {},
                      .info = {},
                      .devices_folder = sdk::Folder(folder + "/devices"),
                      .numbers = {},
                      .ratios = {},
                      .devices = {}};
    system.numbers.push_back({NumberFiles(folder + "/allocation", kReserve, host_),
                              sdk::Tags{{"uuid", system.uuid}}.text()});
    for (const std::string_view group : kGroups) add_group(group, system);
    return system;
  }

  void add_group(std::string_view group, FileSystem& system) const {
    const std::string folder = system.folder + "/allocation/" + std::string(group);
    system.numbers.push_back(
        {NumberFiles(folder, kReserved, host_),
         sdk::Tags{{"block_group_type", group}, {"uuid", system.uuid}}.text()});
    for (const std::string_view mode : kModes) {
      NumberFiles files(folder + '/' + std::string(mode), kLaidOut, host_);
      if (files.empty()) continue;
      const sdk::Tags tags{{"block_group_type", group}, {"mode", mode}, {"uuid", system.uuid}};
      system.numbers.push_back({std::move(files), tags.text()});
      system.ratios.push_back({mode, tags.text()});
    }
  }

  sdk::Host& host_;
  sdk::Folder folder_;
  BtrfsDevices mounted_;
  RoundCache<FileSystem> systems_;
};

}  // namespace

std::unique_ptr<sdk::Source> make_btrfs(sdk::Host& host) {
  return std::make_unique<BtrfsSource>(host);
}

}  // namespace lariat::host
