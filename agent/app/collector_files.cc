#include "agent/app/collector_files.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <iterator>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "agent/app/describe.h"
#include "agent/collect/trust.h"

namespace lariat::app {
namespace {

using config::Mistake;

std::string reason(int error) { return std::generic_category().message(error); }

void append(std::vector<Mistake> from, std::vector<Mistake>& to) {
  std::move(from.begin(), from.end(), std::back_inserter(to));
}

// Those of one file that is refused say the same.
void add_once(Mistake mistake, std::vector<Mistake>& list) {
  if (list.empty() || list.back() != mistake) list.push_back(std::move(mistake));
}

// One that is made later is noticed then.
void look_at_directory(const std::string& directory, CollectorFindings& found) {
  if (::access(directory.c_str(), F_OK) == 0) return;
  found.warnings.push_back(
      {.file = directory, .text = fmt::format("it cannot be read: {}", reason(errno))});
}

void look_at_program(const config::Collector& collector, std::span<const uid_t> owners,
                     CollectorFindings& found) {
  if (!collector.enabled) return;
  const std::string& program = collector.command.front();
  if (::access(program.c_str(), X_OK) != 0) {
    found.warnings.push_back({.file = collector.origin,
                              .text = fmt::format("{} cannot be run: {}", program, reason(errno))});
  } else if (const auto distrust = collect::judge(program, owners)) {
    found.warnings.push_back({.file = collector.origin, .text = "refused: " + distrust.text});
  }
}

void look_at(const collect::Wanted& wanted, std::span<const uid_t> owners,
             CollectorFindings& found) {
  using Standing = collect::Wanted::Standing;
  switch (wanted.standing) {
    case Standing::kGood:
      ++found.good;
      look_at_program(wanted.description, owners, found);
      return;
    case Standing::kDistrusted:
      add_once({.file = wanted.source, .text = wanted.refusal}, found.warnings);
      return;
    case Standing::kMistaken:
      return;  // They were found when it was read.
    case Standing::kTaken:
      found.mistakes.push_back({.file = wanted.description.origin, .text = wanted.refusal});
      return;
  }
}

}  // namespace

CollectorFindings look_at_collectors(const config::Config& config,
                                     const config::Surroundings& surroundings,
                                     std::span<const uid_t> owners) {
  CollectorFindings found;
  for (const auto& directory : config.directories) look_at_directory(directory, found);
  const auto read = [&found, &surroundings](
                        const std::string& file, std::string_view name,
                        std::chrono::milliseconds interval) -> collect::Described {
    auto loaded = config::load_collector(file, name, interval, surroundings);
    append(std::move(loaded.mistakes), found.mistakes);
    append(std::move(loaded.warnings), found.warnings);
    return {.collector = std::move(loaded.collector)};
  };
  const auto gathered = collect::gather(collectors_config(config),
                                        {.json = read, .plain = config::plain_collector}, owners);
  for (const auto& remark : gathered.remarks) found.warnings.push_back({.text = remark});
  for (const auto& wanted : gathered.wanted) look_at(wanted, owners, found);
  return found;
}

}  // namespace lariat::app
