#include "agent/app/describe.h"

#include <string>
#include <utility>

namespace lariat::app {
namespace {

std::vector<std::string> sentences(const std::vector<config::Mistake>& mistakes) {
  std::vector<std::string> texts;
  for (const auto& mistake : mistakes) texts.push_back(config::to_string(mistake));
  return texts;
}

}  // namespace

collect::Describe describer(const config::Surroundings& surroundings) {
  return {.json = [&surroundings](const std::string& file, std::string_view name,
                                  std::chrono::milliseconds interval) -> collect::Described {
            const auto text = surroundings.read_file(file);
            if (!text) return {.mistakes = {text.error().text}};
            auto loaded = config::parse_collector(*text, file, name, interval, surroundings);
            return {.collector = std::move(loaded.collector),
                    .mistakes = sentences(loaded.mistakes),
                    .warnings = sentences(loaded.warnings)};
          },
          .plain = config::plain_collector};
}

}  // namespace lariat::app
