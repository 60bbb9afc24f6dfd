#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <span>
#include <string>
#include <string_view>

#include "agent/app/commands.h"
#include "agent/app/version.h"

namespace lariat::app {
namespace {

std::string version_line() {
  std::string text = "lariat " + std::string(version());
  if (!revision().empty()) text.append(" (").append(revision()).append(")");
  return text;
}

// A descriptor 0 to 2 that is closed would be given to a socket, and lines be written there.
void open_standard_descriptors() noexcept {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (::fcntl(fd, F_GETFD) < 0 && ::open("/dev/null", O_RDWR | O_NOCTTY) < 0) return;
  }
}

// Which command was meant, as it is typed: `lariat send`.
std::string command_line(const CLI::App& app) {
  const auto chosen = app.get_subcommands();
  return chosen.empty() ? "lariat" : "lariat " + chosen.front()->get_name();
}

std::string commands(const CLI::App& app) {
  std::string list;
  for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    list += (list.empty() ? "" : ", ") + command->get_name();
  }
  return list;
}

int wrong_use(const CLI::App& app, const CLI::ParseError& error) {
  const bool chosen = !app.get_subcommands().empty();
  std::string sentence = error.what();
  if (!chosen && app.remaining_size() > 0) {
    sentence =
        "there is no command '" + app.remaining().front() + "': write one of " + commands(app);
  } else if (!chosen) {
    sentence = "the command is missing: write one of " + commands(app);
  }
  const std::string line = command_line(app);
  std::fprintf(stderr, "%s: %s\nSee: %s --help\n", line.c_str(), sentence.c_str(), line.c_str());
  return kWrongUse;
}

int start(int argc, char** argv) {
  // First: it passes on what it finds, and each run of a collector waits for it.
  const std::span<char* const> words(argv, static_cast<std::size_t>(argc));
  if (argc > 1 && std::string_view(argv[1]) == "exec") return exec_command(words.subspan(2));
  open_standard_descriptors();
  ::signal(SIGPIPE, SIG_IGN);

  CLI::App app{"Lariat, a host metrics agent.", "lariat"};
  app.set_version_flag("--version", version_line());
  app.require_subcommand(1);
  Run run;
  add_agent(app, run);
  add_receive(app, run);
  add_send(app, run);
  add_status(app, run);
  add_name(app, run);
  add_bench(app, run);
  add_spool(app, run);
  add_check(app, run);
  add_collect(app, run);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    return wrong_use(app, error);
  }
  return run();
}

}  // namespace
}  // namespace lariat::app

int main(int argc, char** argv) {
  try {
    return lariat::app::start(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "lariat: %s\n", error.what());
    return lariat::app::kFailed;
  }
}
