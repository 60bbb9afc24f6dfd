#include <fmt/format.h>
#include <unistd.h>

#include <string>

#include "agent/app/commands.h"
#include "agent/collect/exec_settings.h"

namespace lariat::app {
namespace {

constexpr int kCannotExecute = 127;  // As a shell's.

int fail(int report, const std::string& sentence) {
  const std::string line = report >= 0 ? sentence : fmt::format("lariat exec: {}\n", sentence);
  [[maybe_unused]] const auto written =
      ::write(report >= 0 ? report : STDERR_FILENO, line.data(), line.size());
  return kCannotExecute;
}

}  // namespace

int exec_command(std::span<char* const> words) {
  const auto settings = collect::parse_exec_words(words);
  if (!settings) {
    [[maybe_unused]] const int status = fail(-1, settings.error().text);
    return kWrongUse;
  }
  return fail(settings->report, collect::become(*settings).text);
}

}  // namespace lariat::app
