#include "agent/expose/control_command.h"

#include <algorithm>

#include "agent/expose/rejected_text.h"
#include "agent/expose/status_json.h"
#include "agent/expose/status_table.h"

namespace lariat::expose {
namespace {

constexpr std::string_view kHelp =
    "status         endpoints and collectors, as a table\n"
    "status json    the same as JSON\n"
    "rejected NAME  the samples that the aggregator of this endpoint has refused last\n"
    "metrics        metrics of host and agent\n"
    "metrics host   metrics of the host\n"
    "metrics agent  metrics of the agent\n"
    "help           this list\n";
constexpr std::string_view kRejected = "rejected ";

/// The line's words with one blank between them; too many of them are no command.
std::string normal(std::string_view line) {
  constexpr std::string_view kBlanks = " \t\r";
  std::string out;
  while (true) {
    line.remove_prefix(std::min(line.find_first_not_of(kBlanks), line.size()));
    if (line.empty()) return out;
    const auto word = line.substr(0, line.find_first_of(kBlanks));
    if (!out.empty()) out += ' ';
    out += word;
    line.remove_prefix(word.size());
  }
}

}  // namespace

ControlAnswer control_answer(std::string_view line, const Sources& sources, base::Monotonic now) {
  const std::string command = normal(line);
  if (command == "status") return status_table(sources.status(), base::wall_now());
  if (command == "status json") return status_json(sources.status());
  if (command.starts_with(kRejected)) {
    return rejected_text(sources.status(), std::string_view(command).substr(kRejected.size()));
  }
  if (command == "metrics") return Scrape(Scope::kAll, sources, now);
  if (command == "metrics host") return Scrape(Scope::kHost, sources, now);
  if (command == "metrics agent") return Scrape(Scope::kAgent, sources, now);
  if (command == "help") return std::string(kHelp);
  return "error: there is no such command; write one of\n" + std::string(kHelp);
}

}  // namespace lariat::expose
