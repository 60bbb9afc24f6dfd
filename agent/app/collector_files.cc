#include "agent/app/collector_files.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "agent/collect/directory_scan.h"

namespace lariat::app {
namespace {

std::string reason(int error) { return std::generic_category().message(error); }

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
    // One that is made later is noticed then.
    if (::access(directory.c_str(), F_OK) != 0) {
      found_.warnings.push_back(
          {.file = directory, .text = fmt::format("it cannot be read: {}", reason(errno))});
    }
    const auto contents = collect::scan_directory(directory);
    for (const auto& remark : contents.remarks) {
      found_.warnings.push_back({.file = directory, .text = remark});
    }
    for (const auto& file : contents.files) {
      if (file.description) {
        read_description(file.path, file.name);
      } else {
        add(file.path, config::plain_collector(file.path, file.name, config_.interval));
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
