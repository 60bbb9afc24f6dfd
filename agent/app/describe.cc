#include "agent/app/describe.h"

#include <utility>

namespace lariat::app {
namespace {

std::vector<std::string> sentences(const std::vector<config::Mistake>& mistakes) {
  std::vector<std::string> list;
  list.reserve(mistakes.size());
  for (const auto& mistake : mistakes) list.push_back(config::to_string(mistake));
  return list;
}

}  // namespace

collect::Describe describe_with(const config::Surroundings& surroundings) {
  const auto json = [surroundings](const std::string& file, std::string_view name,
                                   std::chrono::milliseconds interval) -> collect::Described {
    auto loaded = config::load_collector(file, name, interval, surroundings);
    return {.collector = std::move(loaded.collector),
            .mistakes = sentences(loaded.mistakes),
            .warnings = sentences(loaded.warnings)};
  };
  return {.json = json, .plain = config::plain_collector};
}

collect::CollectorsConfig collectors_config(const config::Config& config) {
  return {.directories = config.directories,
          .run = config.run,
          .schedule = config.schedule,
          .schedule_file = config.schedule_file,
          .max_running = config.max_running,
          .interval = config.interval};
}

collect::Gathered gather(const config::Config& config, const config::Surroundings& surroundings,
                         std::span<const uid_t> owners) {
  return collect::gather(collectors_config(config), describe_with(surroundings), owners);
}

}  // namespace lariat::app
