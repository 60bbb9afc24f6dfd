#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/collect/directory_scan.h"
#include "agent/config/collector.h"

namespace lariat::collect {

/// What is to run, as the configuration says.
struct CollectorsConfig {
  std::vector<std::string> directories;     ///< Watched; absolute paths.
  std::vector<config::Collector> run;       ///< `collectors.run`.
  std::vector<config::Collector> schedule;  ///< Of the schedule file.
  std::string schedule_file;                ///< Its path; judged by the trust rule.
  std::size_t max_running = 512;            ///< Oneshots at a time.
  std::chrono::milliseconds interval{10'000};
};

/// What a description says, or all that is wrong with it, a sentence each.
struct Described {
  std::optional<config::Collector> collector;
  std::vector<std::string> mistakes;
  std::vector<std::string> warnings;
};

/// Makes a collector of a file in a directory, called `name`.
struct Describe {
  using Json = std::function<Described(const std::string& file, std::string_view name,
                                       std::chrono::milliseconds interval)>;
  using Plain = std::function<config::Collector(const std::string& file, std::string_view name,
                                                std::chrono::milliseconds interval)>;
  Json json;    ///< Of a description: reads it.
  Plain plain;  ///< Of an executable.
};

/// Which program a path names, as far as its change can be seen from outside. All zero: none.
struct FileIdentity {
  dev_t device = 0;
  ino_t inode = 0;
  std::int64_t size = 0;
  std::int64_t modified = 0;  ///< Nanoseconds.
  std::int64_t changed = 0;   ///< Nanoseconds.

  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};
[[nodiscard]] FileIdentity identity_of(const std::string& path);

/// One collector that somebody wants.
struct Wanted {
  enum class Standing : std::uint8_t {
    kGood,
    kDistrusted,  ///< Its `source` breaks the trust rule.
    kMistaken,    ///< Its description has mistakes.
    kTaken,       ///< Another has its name.
  };

  config::Collector description;
  std::string source;  ///< The file in a directory, or the schedule file; empty if the
                       ///< configuration says it.
  Standing standing = Standing::kGood;
  std::string refusal;  ///< Why it is not to run, and what to do; empty if it is good.
  FileIdentity program;

  friend bool operator==(const Wanted&, const Wanted&) = default;
};

struct Gathered {
  std::vector<Wanted> wanted;        ///< Of those with one name all but the first are `kTaken`.
  std::vector<SkippedFile> skipped;  ///< Of the directories.
  std::vector<std::string> remarks;  ///< Of descriptions that are good.
};

/// What the configuration, the directories in their order and the schedule file want: of two with
/// one name the first. `owners`: see `judge`; none: every file is trusted.
[[nodiscard]] Gathered gather(const CollectorsConfig& config, const Describe& describe,
                              std::span<const uid_t> owners);

}  // namespace lariat::collect
