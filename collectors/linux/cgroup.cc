#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "collectors/linux/all.h"
#include "collectors/linux/device_files.h"
#include "collectors/linux/fault.h"
#include "collectors/linux/round_cache.h"
#include "collectors/sdk/scan.h"

namespace lariat::host {
namespace {

constexpr double kMicro = 1e6;
// Slices may lie in slices; more is somebody's mistake, as is a host of more units.
constexpr unsigned kDeepest = 8;
constexpr std::size_t kMostGroups = 2000;

constexpr std::array kNumbers = {
    NumberFiles::Column{"memory.current", "cgroup_memory_bytes"},
    NumberFiles::Column{"memory.swap.current", "cgroup_memory_swap_bytes"},
    NumberFiles::Column{"pids.current", "cgroup_processes"},
};

struct Key {
  std::string_view key;
  std::string_view metric;
  double divisor = 1;
};
constexpr std::array kCpuKeys = {
    Key{"usage_usec", "cgroup_cpu_seconds_total", kMicro},
    Key{"user_usec", "cgroup_cpu_user_seconds_total", kMicro},
    Key{"system_usec", "cgroup_cpu_system_seconds_total", kMicro},
    Key{"nr_throttled", "cgroup_cpu_throttled_periods_total"},
    Key{"throttled_usec", "cgroup_cpu_throttled_seconds_total", kMicro},
};
constexpr std::array kMemoryKeys = {
    Key{"oom_kill", "cgroup_memory_oom_kills_total"},
};
constexpr std::array kIoKeys = {
    Key{"rbytes", "cgroup_io_read_bytes_total"},
    Key{"wbytes", "cgroup_io_written_bytes_total"},
    Key{"rios", "cgroup_io_reads_total"},
    Key{"wios", "cgroup_io_writes_total"},
};
constexpr std::array<std::string_view, 3> kResources = {"cpu", "io", "memory"};

bool is_slice(std::string_view name) { return name.ends_with(".slice"); }

bool is_group(std::string_view name) {
  return is_slice(name) || name.ends_with(".service") || name.ends_with(".scope");
}

// `KEY NUMBER` a line.
template <std::size_t Count>
void put_keys(std::string_view text, const std::array<Key, Count>& keys, std::string_view tags,
              sdk::Answer& answer) {
  std::string_view line;
  while (sdk::take_line(text, line)) {
    const auto* const key = std::ranges::find(keys, sdk::take_word(line), &Key::key);
    if (key == keys.end()) continue;
    const auto value = sdk::parse<std::uint64_t>(sdk::take_word(line));
    if (value) answer.delta(key->metric, static_cast<double>(*value) / key->divisor, tags);
  }
}

// `8:0 rbytes=1 wbytes=2 …` a device: their sums.
void put_io(std::string_view text, std::string_view tags, sdk::Answer& answer) {
  std::array<std::uint64_t, kIoKeys.size()> sums{};
  std::string_view line;
  while (sdk::take_line(text, line)) {
    for (std::string_view word; !(word = sdk::take_word(line)).empty();) {
      const std::size_t equals = std::min(word.find('='), word.size());
      const auto* const key = std::ranges::find(kIoKeys, word.substr(0, equals), &Key::key);
      if (key == kIoKeys.end()) continue;
      const auto value = sdk::parse<std::uint64_t>(word.substr(equals + 1));
      sums[static_cast<std::size_t>(key - kIoKeys.begin())] += value.value_or(0);
    }
  }
  for (std::size_t i = 0; i < sums.size(); ++i) {
    answer.delta(kIoKeys[i].metric, static_cast<double>(sums[i]), tags);
  }
}

// The `total=` of both lines, `some` and `full`.
void put_pressure(std::string_view text, std::string_view tags, sdk::Answer& answer) {
  constexpr std::string_view kTotal = " total=";
  std::string_view line;
  while (sdk::take_line(text, line)) {
    const std::size_t at = line.find(kTotal);
    if (at == line.npos) continue;
    const auto total = sdk::parse<std::uint64_t>(line.substr(at + kTotal.size()));
    if (!total) continue;
    answer.delta(line.starts_with("some") ? "cgroup_pressure_waiting_seconds_total"
                                          : "cgroup_pressure_stalled_seconds_total",
                 static_cast<double>(*total) / kMicro, tags);
  }
}

struct Pressure {
  sdk::SysFile file;
  std::string tags;
};

struct Group {
  std::string tags;
  NumberFiles numbers;
  sdk::SysFile cpu;
  sdk::SysFile memory;
  sdk::SysFile io;
  std::vector<Pressure> pressures;
  sdk::Folder folder;
};

// What slices and units of systemd use, where there is version 2 of control groups.
class CgroupSource : public sdk::Source {
 public:
  explicit CgroupSource(sdk::Host& host) : host_(host) {
    for (const char* const place : {"/fs/cgroup", "/fs/cgroup/unified"}) {
      const std::string folder = host.paths().sys + place;
      if (::access((folder + "/cgroup.controllers").c_str(), F_OK) != 0) continue;
      root_ = folder;
      break;
    }
  }

  std::string collect(sdk::Answer& answer) override {
    if (root_.empty()) return not_here();
    if (!top_) top_.emplace(root_);
    wanted_count_ = 0;
    list(*top_, kNoParent);
    groups_.begin();
    for (std::size_t i = 0; i < wanted_count_ && i < kMostGroups; ++i) {
      Group& group = groups_.at(wanted_[i].path, [this](std::string_view of) { return make(of); });
      put(group, answer);
      if (is_slice(wanted_[i].path) && wanted_[i].depth < kDeepest) list(group.folder, i);
    }
    groups_.end();
    return {};
  }

 private:
  struct Wanted {
    std::string path;  // Below the root: `/system.slice/ssh.service`.
    unsigned depth = 0;
  };

  static constexpr std::size_t kNoParent = ~std::size_t{0};

  // Appends what is in `folder`; strings of former rounds are used again.
  void list(sdk::Folder& folder, std::size_t parent) {
    folder.list([this, parent](std::string_view name) {
      if (!is_group(name)) return;
      if (wanted_.size() == wanted_count_) wanted_.emplace_back();
      Wanted& wanted = wanted_[wanted_count_++];
      wanted.path.clear();
      wanted.depth = 0;
      if (parent != kNoParent) {
        wanted.path = wanted_[parent].path;
        wanted.depth = wanted_[parent].depth + 1;
      }
      (wanted.path += '/') += name;
    });
  }

  static void put(Group& group, sdk::Answer& answer) {
    std::array<char, sdk::SysFile::kRoom> room;
    group.numbers.put(answer, group.tags);
    if (const auto text = group.cpu.read(room)) put_keys(*text, kCpuKeys, group.tags, answer);
    if (const auto text = group.memory.read(room)) put_keys(*text, kMemoryKeys, group.tags, answer);
    if (const auto text = group.io.read(room)) put_io(*text, group.tags, answer);
    for (auto& [file, tags] : group.pressures) {
      if (const auto text = file.read(room)) put_pressure(*text, tags, answer);
    }
  }

  [[nodiscard]] Group make(std::string_view path) const {
    const std::string folder = root_ + std::string(path);
    const auto file = [&](const char* name) {
      return sdk::SysFile(folder + '/' + name, host_.descriptors());
    };
    Group group{.tags = sdk::Tags{{"cgroup", path}}.text(),
                .numbers = NumberFiles(folder, kNumbers, host_),
                .cpu = file("cpu.stat"),
                .memory = file("memory.events"),
                .io = file("io.stat"),
                .pressures = {},
                .folder = sdk::Folder(folder)};
    for (const std::string_view resource : kResources) {
      group.pressures.push_back({file((std::string(resource) + ".pressure").c_str()),
                                 sdk::Tags{{"cgroup", path}, {"resource", resource}}.text()});
    }
    return group;
  }

  sdk::Host& host_;
  std::string root_;
  std::optional<sdk::Folder> top_;
  std::vector<Wanted> wanted_;  // In the order of the round: each slice before what is in it.
  std::size_t wanted_count_ = 0;
  RoundCache<Group> groups_;
};

}  // namespace

std::unique_ptr<sdk::Source> make_cgroup(sdk::Host& host) {
  return std::make_unique<CgroupSource>(host);
}

}  // namespace lariat::host
