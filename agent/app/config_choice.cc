#include "agent/app/config_choice.h"

#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <cerrno>

namespace lariat::app {

void add_config_option(CLI::App& command, std::string& named) {
  const auto is_path = [](const std::string& path) {
    return std::string(path.empty() ? "write the path of a file" : "");
  };
  const std::string help =
      std::string("the file; without it ") + kStandardConfig + ", or the built-in default";
  command.add_option("--config", named, help)->type_name("FILE")->check(is_path);
}

// One that is there and cannot be read is a mistake, and nothing to pass over.
std::string choose_config(const std::string& named, const std::string& standard) {
  if (!named.empty()) return named;
  struct stat status {};
  const bool missing =
      ::stat(standard.c_str(), &status) != 0 && (errno == ENOENT || errno == ENOTDIR);
  return missing ? std::string() : standard;
}

config::Loaded load_choice(const std::string& file, const config::Surroundings& surroundings) {
  if (file.empty()) return {.config = config::built_in_default(surroundings)};
  return config::load(file, surroundings);
}

std::string as_lines(const std::vector<config::Mistake>& mistakes,
                     const std::vector<config::Mistake>& warnings) {
  std::string lines;
  for (const auto& mistake : mistakes) lines += to_string(mistake) + '\n';
  for (auto warning : warnings) {
    std::string& first = warning.path.empty() ? warning.text : warning.path;
    first.insert(0, "warning: ");
    lines += to_string(warning) + '\n';
  }
  return lines;
}

}  // namespace lariat::app
