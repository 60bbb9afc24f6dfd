#include "agent/collect/exec_settings.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <string_view>
#include <system_error>

#include "agent/collect/exec_limits.h"
#include "agent/collect/exec_user.h"

namespace lariat::collect {
namespace {

template <typename Number>
bool read_number(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

bool set(ExecSettings& settings, std::string_view key, std::string_view value) {
  if (key == "--user") {
    settings.user = value;
    return true;
  }
  if (key == "--nice") return read_number(value, settings.nice);
  if (key == "--io-priority") return read_number(value, settings.io_priority.emplace());
  if (key == "--max-memory") return read_number(value, settings.max_memory.emplace());
  if (key == "--max-cpu") return read_number(value, settings.max_cpu.emplace());
  if (key == "--max-files") return read_number(value, settings.max_files.emplace());
  if (key == "--max-processes") return read_number(value, settings.max_processes.emplace());
  if (key == "--parent") return read_number(value, settings.parent);
  if (key == "--report") return read_number(value, settings.report);
  return false;
}

}  // namespace

std::vector<std::string> exec_words(const ExecSettings& settings) {
  std::vector<std::string> words;
  const auto add = [&words](const char* key, std::string value) {
    words.emplace_back(key);
    words.push_back(std::move(value));
  };
  if (!settings.user.empty()) add("--user", settings.user);
  if (settings.nice != 0) add("--nice", std::to_string(settings.nice));
  const auto add_number = [&add](const char* key, const auto& number) {
    if (number) add(key, std::to_string(*number));
  };
  add_number("--io-priority", settings.io_priority);
  add_number("--max-memory", settings.max_memory);
  add_number("--max-cpu", settings.max_cpu);
  add_number("--max-files", settings.max_files);
  add_number("--max-processes", settings.max_processes);
  if (settings.parent != 0) add("--parent", std::to_string(settings.parent));
  if (settings.report >= 0) add("--report", std::to_string(settings.report));
  words.emplace_back("--");
  words.insert(words.end(), settings.command.begin(), settings.command.end());
  return words;
}

base::Result<ExecSettings> parse_exec_words(std::span<char* const> words) {
  ExecSettings settings;
  std::size_t at = 0;
  for (; at + 1 < words.size() && std::string_view(words[at]) != "--"; at += 2) {
    if (!set(settings, words[at], words[at + 1])) {
      return base::Error{fmt::format("{} {} is not understood", words[at], words[at + 1])};
    }
  }
  if (at + 1 >= words.size() || std::string_view(words[at]) != "--") {
    return base::Error{"write the program behind `--`"};
  }
  settings.command.assign(words.begin() + static_cast<std::ptrdiff_t>(at) + 1, words.end());
  return settings;
}

base::Error become(const ExecSettings& settings) {
  if (settings.report >= 0) ::fcntl(settings.report, F_SETFD, FD_CLOEXEC);
  const std::string& program = settings.command[0];
  if (settings.user.empty()) {
    give_up_user_rights();
  } else if (auto error = become_user(settings.user)) {
    return *error;
  }
  std::vector<char*> arguments;
  for (const auto& word : settings.command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  // A change of user takes the parent's death signal away: so behind that.
  if (const auto failure = apply_settings(settings)) return {sentence_of(failure, settings)};
  ::execve(program.c_str(), arguments.data(), environ);
  return {sentence_of({ExecFailure::Step::kExecute, errno}, settings)};
}

}  // namespace lariat::collect
