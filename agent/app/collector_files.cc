#include "agent/app/collector_files.h"

#include <fmt/format.h>
#include <pwd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <iterator>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "agent/app/describe.h"
#include "agent/collect/exec_user.h"
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

// The agent is another process: of its rights nothing is known here but what this one has, and that
// the service of the package has none.
void look_at_user(const config::Collector& collector, CollectorFindings& found) {
  if (collector.user.empty()) return;
  const passwd* user = ::getpwnam(collector.user.c_str());
  if (user != nullptr && user->pw_uid == ::geteuid() && ::geteuid() != 0) return;
  std::string why;
  if (!collect::may_change_user()) {
    why = fmt::format(
        "user: note that this process has no right to run it as {}; an agent without it refuses "
        "to run it. If the unit has no such drop-in yet: {}",
        collector.user, collect::user_drop_in());
  } else if (::geteuid() == 0 && ::access("/run/systemd/system", F_OK) == 0) {
    why = fmt::format(
        "user: note that root may run it as {}, but the service of the package is not root, and "
        "refuses to run it without a drop-in. If it has none yet: {}",
        collector.user, collect::user_drop_in());
  }
  if (!why.empty()) found.warnings.push_back({.file = collector.origin, .text = std::move(why)});
}

void look_at_limits(const config::Collector& collector, CollectorFindings& found) {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  if (collector.max_files && *collector.max_files > files.rlim_max) {
    found.warnings.push_back(
        {.file = collector.origin,
         .text =
             fmt::format("max_files: {} is more than a child of this process may have, {}; what "
                         "the agent may have is LimitNOFILE= of its unit",
                         *collector.max_files, files.rlim_max)});
  }
  if (collector.max_processes && collector.user.empty()) {
    found.warnings.push_back(
        {.file = collector.origin,
         .text = "max_processes: it counts all processes of its user, the agent and the other "
                 "collectors too; write a \"user\" of its own"});
  }
}

void look_at(const collect::Wanted& wanted, std::span<const uid_t> owners,
             CollectorFindings& found) {
  using Standing = collect::Wanted::Standing;
  switch (wanted.standing) {
    case Standing::kGood:
      ++found.good;
      look_at_program(wanted.description, owners, found);
      look_at_user(wanted.description, found);
      look_at_limits(wanted.description, found);
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
  for (const auto& file : gathered.skipped) found.warnings.push_back({.text = file.why});
  for (const auto& remark : gathered.remarks) found.warnings.push_back({.text = remark});
  for (const auto& wanted : gathered.wanted) look_at(wanted, owners, found);
  return found;
}

}  // namespace lariat::app
