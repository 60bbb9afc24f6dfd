#include "agent/base/log.h"

#include <unistd.h>

#include <string>

namespace lariat::base {
namespace {

// One write a line, so that lines of several processes on one descriptor do not mix.
void write_to_stderr(Level level, std::string_view line) {
  std::string text = "lariat: ";
  if (level == Level::kWarning) text += "warning: ";
  if (level == Level::kError) text += "error: ";
  text += line;
  text += '\n';
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
}

}  // namespace

Log::Log() : sink_(write_to_stderr) {}

}  // namespace lariat::base
