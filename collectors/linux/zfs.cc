#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "collectors/linux/all.h"
#include "collectors/linux/fault.h"
#include "collectors/linux/round_cache.h"
#include "collectors/sdk/scan.h"

namespace lariat::host {
namespace {

// A file of OpenZFS's module: what its numbers begin with, and whether they only grow. It does not
// say so itself; of the others those do that count hits and misses.
struct Subsystem {
  std::string_view file;
  std::string_view prefix;
  bool counters = false;
};
constexpr std::array kSubsystems = {
    Subsystem{"abdstats", "node_zfs_abd_"},
    Subsystem{"arcstats", "node_zfs_arc_"},
    Subsystem{"dbufstats", "node_zfs_dbuf_"},
    Subsystem{"dmu_tx", "node_zfs_dmu_tx_", true},
    Subsystem{"dnodestats", "node_zfs_dnode_"},
    Subsystem{"fm", "node_zfs_fm_", true},
    Subsystem{"vdev_cache_stats", "node_zfs_vdev_cache_", true},
    Subsystem{"vdev_mirror_stats", "node_zfs_vdev_mirror_", true},
    Subsystem{"xuio_stats", "node_zfs_xuio_"},
    Subsystem{"zfetchstats", "node_zfs_zfetch_"},
    Subsystem{"zil", "node_zfs_zil_", true},
};
constexpr std::array<std::string_view, 7> kPoolStates = {
    "online", "degraded", "faulted", "offline", "removed", "unavail", "suspended"};
// Of a pool's numbers those that do not only grow: what waits and what runs.
constexpr std::array<std::string_view, 2> kPoolGauges = {"wcnt", "rcnt"};

bool counts_hits(std::string_view key) { return key.ends_with("hits") || key.ends_with("misses"); }

// A line of three columns: name, type, and what stands behind; of the types that are numbers of 64
// bits, which all are that count something.
struct Line {
  std::string_view key;
  std::string_view type;
  std::string_view data;

  [[nodiscard]] bool is_number() const { return type == "4" || type == "3"; }
  [[nodiscard]] std::optional<double> number() const {
    if (type == "3") {
      const auto value = sdk::parse<std::int64_t>(data);
      return value ? std::optional(static_cast<double>(*value)) : std::nullopt;
    }
    const auto value = sdk::parse<std::uint64_t>(data);
    return value ? std::optional(static_cast<double>(*value)) : std::nullopt;
  }
};

Line take_apart(std::string_view line) {
  Line parts;
  parts.key = sdk::take_word(line);
  parts.type = sdk::take_word(line);
  while (!line.empty() && sdk::is_blank(line.front())) line.remove_prefix(1);
  while (!line.empty() && sdk::is_blank(line.back())) line.remove_suffix(1);
  parts.data = line;
  return parts;
}

// Past the head, the line that says what the columns are. False without one.
bool skip_head(std::string_view& rest) {
  std::string_view line;
  while (sdk::take_line(rest, line)) {
    const auto parts = take_apart(line);
    if (parts.key == "name" && parts.type == "type" && parts.data == "data") return true;
  }
  return false;
}

struct Dataset {
  sdk::SysFile file;
  std::string name;
  sdk::Tags tags;
};

struct Pool {
  std::string name;
  sdk::Folder folder;
  sdk::SysFile io;
  sdk::SysFile state;
  sdk::Tags tags;
  std::vector<sdk::Tags> states;  // As kPoolStates.
  RoundCache<Dataset> datasets;
};

class ZfsSource : public sdk::Source {
 public:
  explicit ZfsSource(sdk::Host& host) : host_(host), folder_(host.paths().proc + "/spl/kstat/zfs") {
    for (const auto& subsystem : kSubsystems) {
      files_.emplace_back(folder_.path() + '/' + std::string(subsystem.file));
    }
  }

  std::string collect(sdk::Answer& answer) override {
    pools_.begin();
    std::string fault;
    const bool good = folder_.list([this, &answer, &fault](std::string_view name) {
      if (!fault.empty() ||
          std::ranges::find(kSubsystems, name, &Subsystem::file) != kSubsystems.end()) {
        return;
      }
      const auto make_it = [this](std::string_view of) { return make_pool(of); };
      fault = put_pool(pools_.at(name, make_it), answer);
    });
    pools_.end();
    if (!good) return folder_.is_absent() ? not_here() : folder_.error();
    for (std::size_t i = 0; i < files_.size() && fault.empty(); ++i) {
      fault = put_subsystem(kSubsystems[i], files_[i], answer);
    }
    return fault;
  }

 private:
  // Releases of OpenZFS differ in which files there are.
  std::string put_subsystem(const Subsystem& subsystem, sdk::ProcFile& file, sdk::Answer& answer) {
    const auto content = file.read();
    if (!content) return file.is_absent() ? std::string() : file.error();
    std::string_view rest = *content;
    if (!skip_head(rest)) return not_understood(file.path(), *content);
    std::string_view text;
    while (sdk::take_line(rest, text)) {
      const auto line = take_apart(text);
      if (!line.is_number()) continue;
      const auto value = line.number();
      if (!value) return not_understood(file.path(), text);
      const bool counter = subsystem.counters || counts_hits(line.key);
      put(counter, name_of(subsystem.prefix, line.key), *value, {}, answer);
    }
    return {};
  }

  std::string put_pool(Pool& pool, sdk::Answer& answer) {
    // What is neither a pool nor known, as a log of events, has no such files.
    if (auto fault = put_io(pool, answer); !fault.empty()) return fault;
    put_state(pool, answer);
    std::string fault;
    pool.datasets.begin();
    pool.folder.list([this, &pool, &answer, &fault](std::string_view name) {
      if (!fault.empty() || !name.starts_with("objset-")) return;
      const auto make_it = [this, &pool](std::string_view of) {
        return Dataset{
            sdk::SysFile(pool.folder.path() + '/' + std::string(of), host_.descriptors()), {}, {}};
      };
      fault = put_dataset(pool, pool.datasets.at(name, make_it), answer);
    });
    pool.datasets.end();
    return fault;
  }

  // A line of names, and one of their numbers.
  std::string put_io(Pool& pool, sdk::Answer& answer) {
    std::array<char, sdk::SysFile::kRoom> room;
    const auto text = pool.io.read(room);
    if (!text) return pool.io.is_absent() ? std::string() : pool.io.error();
    std::string_view rest = *text;
    std::string_view names;
    std::string_view numbers;
    while (sdk::take_line(rest, names) && !names.starts_with("nread")) {
    }
    if (!sdk::take_line(rest, numbers)) return not_understood(pool.io.path(), *text);
    const std::string_view whole = numbers;
    for (auto key = sdk::take_word(names); !key.empty(); key = sdk::take_word(names)) {
      const auto value = sdk::parse<std::uint64_t>(sdk::take_word(numbers));
      if (!value) return not_understood(pool.io.path(), whole);
      const bool counter = std::ranges::find(kPoolGauges, key) == kPoolGauges.end();
      put(counter, name_of("node_zfs_zpool_", key), static_cast<double>(*value), pool.tags.text(),
          answer);
    }
    return {};
  }

  // Told in capitals.
  static void put_state(Pool& pool, sdk::Answer& answer) {
    std::array<char, sdk::SysFile::kRoom> room;
    const auto text = pool.state.read(room);
    if (!text) return;
    const auto is_now = [&text](std::string_view state) {
      return std::ranges::equal(*text, state, {}, [](char c) {
        return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      });
    };
    for (std::size_t i = 0; i < kPoolStates.size(); ++i) {
      answer.sample("node_zfs_zpool_state", is_now(kPoolStates[i]) ? 1 : 0, pool.states[i].text());
    }
  }

  std::string put_dataset(const Pool& pool, Dataset& dataset, sdk::Answer& answer) {
    std::array<char, sdk::SysFile::kRoom> room;
    const auto text = dataset.file.read(room);
    // Destroyed meanwhile.
    if (!text) return dataset.file.is_absent() ? std::string() : dataset.file.error();
    std::string_view rest = *text;
    if (!skip_head(rest)) return not_understood(dataset.file.path(), *text);
    std::string_view line_text;
    while (sdk::take_line(rest, line_text)) {
      const auto line = take_apart(line_text);
      if (line.key == "dataset_name") name_it(pool, dataset, line.data);
      if (!line.is_number()) continue;
      const auto value = line.number();
      if (!value) return not_understood(dataset.file.path(), line_text);
      put(true, name_of("node_zfs_zpool_dataset_", line.key), *value, dataset.tags.text(), answer);
    }
    return {};
  }

  // It may be renamed.
  static void name_it(const Pool& pool, Dataset& dataset, std::string_view name) {
    if (dataset.name == name) return;
    dataset.name = name;
    dataset.tags = sdk::Tags{{"dataset", name}, {"zpool", pool.name}};
  }

  [[nodiscard]] Pool make_pool(std::string_view name) const {
    const std::string folder = folder_.path() + '/' + std::string(name);
    Pool pool{std::string(name),
              sdk::Folder(folder),
              sdk::SysFile(folder + "/io", host_.descriptors()),
              sdk::SysFile(folder + "/state", host_.descriptors()),
              sdk::Tags{{"zpool", name}},
              {},
              {}};
    for (const auto state : kPoolStates) {
      pool.states.push_back(sdk::Tags{{"state", state}, {"zpool", name}});
    }
    return pool;
  }

  static void put(bool counter, std::string_view name, double value, std::string_view tags,
                  sdk::Answer& answer) {
    if (counter) {
      answer.delta(name, value, tags);
    } else {
      answer.sample(name, value, tags);
    }
  }

  std::string_view name_of(std::string_view prefix, std::string_view key) {
    name_.assign(prefix);
    for (const char c : key) name_ += c == '-' ? '_' : c;
    return name_;
  }

  sdk::Host& host_;
  sdk::Folder folder_;
  std::vector<sdk::ProcFile> files_;
  RoundCache<Pool> pools_;
  std::string name_;
};

}  // namespace

std::unique_ptr<sdk::Source> make_zfs(sdk::Host& host) { return std::make_unique<ZfsSource>(host); }

}  // namespace lariat::host
