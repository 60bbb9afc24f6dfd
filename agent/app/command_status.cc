#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "agent/app/commands.h"
#include "agent/app/control_client.h"

namespace lariat::app {
namespace {

constexpr std::chrono::seconds kPatience{10};

struct StatusOptions {
  bool json = false;
  std::string socket;
};

std::vector<std::string> paths_of(const StatusOptions& options) { return {options.socket}; }

int print_status(const StatusOptions& options) {
  const auto answer =
      ask_agent(paths_of(options), options.json ? "status json" : "status", kPatience);
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
  command->add_flag("--json", options->json, "as one JSON object");
  command->add_option("--socket", options->socket, "the agent's control socket")
      ->type_name("PATH")
      ->required();
  command->callback([options, &run] { run = [options] { return print_status(*options); }; });
}

}  // namespace lariat::app
