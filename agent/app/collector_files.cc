#include "agent/app/collector_files.h"

#include <dirent.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace lariat::app {
namespace {

constexpr std::string_view kSuffix = ".json";

std::string reason(int error) { return std::generic_category().message(error); }

base::Result<std::vector<std::string>> names_in(const std::string& directory) {
  const std::unique_ptr<DIR, int (*)(DIR*)> open(::opendir(directory.c_str()), ::closedir);
  if (!open) return base::Error{fmt::format("it cannot be read: {}", reason(errno))};
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(open.get())) {
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

bool is_executable(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
         (status.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)) != 0;
}

class Reader {
 public:
  Reader(const config::Config& config, const config::Surroundings& surroundings)
      : config_(config), surroundings_(surroundings) {
    for (const auto& collector : config.run) origins_.emplace(collector.name, collector.origin);
    for (const auto& collector : config.schedule) {
      origins_.emplace(collector.name, collector.origin);
    }
  }

  void read(const std::string& directory) {
    const auto names = names_in(directory);
    if (!names) {
      // Made later, it is noticed then.
      found_.warnings.push_back({.file = directory, .text = names.error().text});
      return;
    }
    for (const std::string& name : *names) {
      const std::string path = directory + '/' + name;
      if (name.ends_with(kSuffix)) {
        read_description(path, std::string_view(name).substr(0, name.size() - kSuffix.size()));
      } else if (is_executable(path)) {
        add(path, config::plain_collector(path, name, config_.interval));
      }
    }
  }

  [[nodiscard]] CollectorFiles take() { return std::move(found_); }

 private:
  void read_description(const std::string& path, std::string_view name) {
    auto loaded = config::load_collector(path, name, config_.interval, surroundings_);
    std::move(loaded.mistakes.begin(), loaded.mistakes.end(), std::back_inserter(found_.mistakes));
    std::move(loaded.warnings.begin(), loaded.warnings.end(), std::back_inserter(found_.warnings));
    if (loaded.collector) add(path, *std::move(loaded.collector));
  }

  void add(const std::string& path, config::Collector collector) {
    const auto [first, added] = origins_.emplace(collector.name, collector.origin);
    if (!added) {
      found_.mistakes.push_back(
          {.file = path,
           .text = fmt::format("there is a collector \"{}\" already, of {}; call this file by "
                               "another name",
                               collector.name, first->second)});
      return;
    }
    found_.collectors.push_back(std::move(collector));
  }

  const config::Config& config_;
  const config::Surroundings& surroundings_;
  std::map<std::string, std::string> origins_;
  CollectorFiles found_;
};

}  // namespace

CollectorFiles read_collector_files(const config::Config& config,
                                    const config::Surroundings& surroundings) {
  Reader reader(config, surroundings);
  for (const std::string& directory : config.directories) reader.read(directory);
  return reader.take();
}

std::vector<config::Mistake> missing_programs(const std::vector<config::Collector>& collectors) {
  std::vector<config::Mistake> warnings;
  for (const auto& collector : collectors) {
    const std::string& program = collector.command.front();
    if (!collector.enabled || ::access(program.c_str(), X_OK) == 0) continue;
    warnings.push_back({.file = collector.origin,
                        .text = fmt::format("{} cannot be run: {}", program, reason(errno))});
  }
  return warnings;
}

}  // namespace lariat::app
