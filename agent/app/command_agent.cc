#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <utility>

#include "agent/app/agent.h"
#include "agent/app/commands.h"
#include "agent/app/config_choice.h"

namespace lariat::app {
namespace {

int run_agent(const std::string& named) {
  const base::Log lines;
  auto surroundings = config::real_surroundings();
  auto loaded = load_choice(choose_config(named), surroundings);
  for (const auto& warning : loaded.warnings) lines.warning(config::to_string(warning));
  if (!loaded.config) {
    for (const auto& mistake : loaded.mistakes) lines.error(config::to_string(mistake));
    return kBadConfig;
  }
  Agent agent(named, std::move(surroundings), std::move(*loaded.config), lines);
  if (const auto opened = agent.open(); !opened) {
    lines.error(opened.error().text);
    return kFailed;
  }
  agent.run();
  return kGood;
}

}  // namespace

void add_agent(CLI::App& app, Run& run) {
  auto named = std::make_shared<std::string>();
  auto* command = app.add_subcommand(
      "agent",
      "run the agent in the foreground\n"
      "  Without --config: /etc/lariat/lariat.json if it is there, else a built-in default:\n"
      "  this host's numbers every 10 s on http://127.0.0.1:9299/metrics, no endpoint.\n"
      "  SIGHUP loads the configuration again, SIGTERM ends it.");
  add_config_option(*command, *named);
  command->callback([named, &run] { run = [named] { return run_agent(*named); }; });
}

}  // namespace lariat::app
