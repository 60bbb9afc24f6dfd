#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "agent/app/commands.h"
#include "agent/app/config_choice.h"
#include "agent/app/control_client.h"
#include "agent/config/load.h"

namespace lariat::app {
namespace {

constexpr std::chrono::seconds kPatience{10};

// Where the agent of the system listens, whoever asks.
constexpr const char* kSystemSocket = "/run/lariat/lariat.sock";

struct StatusOptions {
  bool json = false;
  std::string rejected;
  std::string socket;
  std::string config;
};

/// The socket that is named, else the configuration's. Without a path in the configuration it
/// depends on the user: then that of the system's agent is tried, too. A configuration that is
/// wrong is told of: an agent may still run with the one before.
std::vector<std::string> paths_of(const StatusOptions& options) {
  if (!options.socket.empty()) return {options.socket};
  const auto surroundings = config::real_surroundings();
  const std::string usual = config::built_in_default(surroundings).control_socket;
  const auto loaded = load_choice(choose_config(options.config), surroundings);
  if (!loaded.config) std::fputs(as_lines(loaded.mistakes, {}).c_str(), stderr);
  const std::string chosen = loaded.config ? loaded.config->control_socket : usual;
  if (chosen.empty()) return {};
  std::vector<std::string> paths = {chosen};
  if (chosen == usual && chosen != kSystemSocket) paths.emplace_back(kSystemSocket);
  return paths;
}

std::string command_of(const StatusOptions& options) {
  if (!options.rejected.empty()) return "rejected " + options.rejected;
  return options.json ? "status json" : "status";
}

int print_status(const StatusOptions& options) {
  const auto answer = ask_agent(paths_of(options), command_of(options), kPatience);
  if (!answer) {
    std::fprintf(stderr, "lariat status: %s\n", answer.error().text.c_str());
    return kFailed;
  }
  std::fputs(answer->c_str(), stdout);
  return std::fflush(stdout) == 0 && std::ferror(stdout) == 0 ? kGood : kFailed;
}

}  // namespace

void add_status(CLI::App& app, Run& run) {
  auto options = std::make_shared<StatusOptions>();
  auto* command =
      app.add_subcommand("status", "endpoints and collectors of the running agent, as a table");
  auto* json = command->add_flag("--json", options->json, "as one JSON object");
  command
      ->add_option("--rejected", options->rejected,
                   "the samples that the aggregator of this endpoint has refused last")
      ->type_name("ENDPOINT")
      ->excludes(json);
  command->add_option("--socket", options->socket, "the agent's control socket")
      ->type_name("PATH")
      ->check([](const std::string& path) {
        return std::string(path.empty() ? "write the path of a socket" : "");
      });
  add_config_option(*command, options->config);
  command->callback([options, &run] { run = [options] { return print_status(*options); }; });
}

}  // namespace lariat::app
