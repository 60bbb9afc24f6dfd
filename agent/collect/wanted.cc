#include "agent/collect/wanted.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <map>
#include <utility>

#include "agent/collect/directory_scan.h"
#include "agent/collect/trust.h"

namespace lariat::collect {
namespace {

std::int64_t nanoseconds(const timespec& time) noexcept {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

Wanted refused(const DirectoryFile& file, Wanted::Standing standing, std::string why,
               std::chrono::milliseconds interval) {
  Wanted wanted{.source = file.path, .standing = standing, .refusal = std::move(why)};
  wanted.description.name = file.name;
  wanted.description.command = {file.path};
  wanted.description.origin = file.path;
  wanted.description.interval = interval;
  return wanted;
}

std::string all_of(const std::vector<std::string>& mistakes) {
  std::string text;
  for (const auto& mistake : mistakes) text += (text.empty() ? "" : "; ") + mistake;
  return text;
}

class Gathering {
 public:
  Gathering(const Describe& describe, std::chrono::milliseconds interval,
            std::span<const uid_t> owners)
      : describe_(describe), interval_(interval), owners_(owners) {}

  void add(Wanted wanted) {
    const auto& name = wanted.description.name;
    const auto [first, is_new] = taken_.emplace(name, wanted.description.origin);
    if (!is_new) {
      wanted.standing = Wanted::Standing::kTaken;
      wanted.refusal = fmt::format("refused: the name {} is taken by {}: rename or remove one",
                                   name, first->second);
    } else if (wanted.standing == Wanted::Standing::kGood && !wanted.description.command.empty()) {
      wanted.program = identity_of(wanted.description.command.front());
    }
    gathered_.wanted.push_back(std::move(wanted));
  }

  void add_directory(const std::string& directory) {
    auto contents = scan_directory(directory);
    for (const auto& file : contents.files) add_file(file);
    for (auto& file : contents.skipped) gathered_.skipped.push_back(std::move(file));
  }

  // Its lines are commands themselves: of what they run only the shell is judged later.
  void add_schedule(const std::vector<config::Collector>& schedule, const std::string& file) {
    Distrust distrust;
    if (!schedule.empty() && !owners_.empty()) distrust = judge(file, owners_);
    for (const auto& collector : schedule) {
      Wanted wanted{.description = collector, .source = file};
      if (distrust) {
        wanted.standing = Wanted::Standing::kDistrusted;
        wanted.refusal = "refused: " + distrust.text;
      }
      add(std::move(wanted));
    }
  }

  Gathered take() { return std::move(gathered_); }

 private:
  void add_file(const DirectoryFile& file) {
    if (!owners_.empty()) {
      if (auto distrust = judge(file.path, owners_)) {
        add(refused(file, Wanted::Standing::kDistrusted, "refused: " + distrust.text, interval_));
        return;
      }
    }
    if (!file.description) {
      add({.description = describe_.plain(file.path, file.name, interval_), .source = file.path});
      return;
    }
    auto described = describe_.json(file.path, file.name, interval_);
    for (auto& warning : described.warnings) gathered_.remarks.push_back(std::move(warning));
    if (described.collector) {
      add({.description = std::move(*described.collector), .source = file.path});
    } else {
      add(refused(file, Wanted::Standing::kMistaken, all_of(described.mistakes), interval_));
    }
  }

  const Describe& describe_;
  std::chrono::milliseconds interval_;
  std::span<const uid_t> owners_;
  std::map<std::string, std::string> taken_;  // Name to origin.
  Gathered gathered_;
};

}  // namespace

FileIdentity identity_of(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return {};
  return {status.st_dev, status.st_ino, status.st_size, nanoseconds(status.st_mtim),
          nanoseconds(status.st_ctim)};
}

Gathered gather(const CollectorsConfig& config, const Describe& describe,
                std::span<const uid_t> owners) {
  Gathering gathering(describe, config.interval, owners);
  for (const auto& collector : config.run) gathering.add({.description = collector});
  for (const auto& directory : config.directories) gathering.add_directory(directory);
  gathering.add_schedule(config.schedule, config.schedule_file);
  return gathering.take();
}

}  // namespace lariat::collect
