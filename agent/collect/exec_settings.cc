#include "agent/collect/exec_settings.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <string_view>
#include <system_error>

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
  if (key == "--max-memory") return read_number(value, settings.max_memory.emplace());
  if (key == "--parent") return read_number(value, settings.parent);
  if (key == "--report") return read_number(value, settings.report);
  return false;
}

// Supplementary groups too: those of the agent are not for it.
std::optional<base::Error> become_user(const std::string& name) {
  errno = 0;
  const passwd* user = ::getpwnam(name.c_str());
  if (user == nullptr) {
    return base::Error{fmt::format("there is no user '{}' on this host{}", name,
                                   errno != 0 ? fmt::format(" ({})", std::strerror(errno)) : "")};
  }
  if (::geteuid() == user->pw_uid && ::geteuid() != 0) return std::nullopt;
  if (::initgroups(name.c_str(), user->pw_gid) != 0 || ::setgid(user->pw_gid) != 0 ||
      ::setuid(user->pw_uid) != 0) {
    return base::Error{
        fmt::format("cannot become user '{}': {}; only an agent that runs as root "
                    "can, else leave out `user`",
                    name, std::strerror(errno))};
  }
  if (user->pw_uid != 0 && ::setuid(0) == 0) {
    return base::Error{fmt::format("could become root again after user '{}'", name)};
  }
  ::setenv("USER", user->pw_name, 1);
  ::setenv("LOGNAME", user->pw_name, 1);
  ::setenv("HOME", user->pw_dir, 1);
  return std::nullopt;
}

// In vain if the parent went before it was said.
bool die_with(pid_t parent) noexcept {
  return ::prctl(PR_SET_PDEATHSIG, SIGTERM) == 0 && ::getppid() == parent;
}

std::optional<base::Error> limit(decltype(RLIMIT_CORE) resource, rlim_t most,
                                 std::string_view what) {
  rlimit old{};
  ::getrlimit(resource, &old);
  const rlim_t bound = std::min(most, old.rlim_max);
  const rlimit wanted{.rlim_cur = bound, .rlim_max = bound};
  if (::setrlimit(resource, &wanted) == 0) return std::nullopt;
  return base::Error{fmt::format("cannot limit its {}: {}", what, std::strerror(errno))};
}

std::string why_not(const std::string& program, int error) {
  const bool there = ::access(program.c_str(), F_OK) == 0;
  switch (error) {
    case ENOENT:
      return there ? fmt::format("{}: the interpreter that its first line names does not exist",
                                 program)
                   : fmt::format("{} does not exist", program);
    case ENOEXEC:
      return fmt::format(
          "{} is no program: a script begins with a line such as #!/bin/sh, and a binary is made "
          "for this machine",
          program);
    case EACCES:
      return fmt::format(
          "{} may not be executed: chmod +x it, and see that its user may enter every folder on "
          "the way and that its file system is not mounted noexec",
          program);
    default:
      return fmt::format("cannot execute {}: {}", program, std::strerror(error));
  }
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
  if (settings.max_memory) add("--max-memory", std::to_string(*settings.max_memory));
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
  errno = 0;
  if (settings.nice != 0 && ::nice(settings.nice) == -1 && errno != 0) {
    return {fmt::format("cannot set its niceness: {}", std::strerror(errno))};
  }
  if (!settings.user.empty()) {
    if (auto error = become_user(settings.user)) return *error;
  }
  // A change of user takes it away: so behind that.
  if (settings.parent != 0 && !die_with(settings.parent)) return {"the agent has ended"};
  if (auto error = limit(RLIMIT_CORE, 0, "core dumps")) return *error;
  std::vector<char*> arguments;
  for (const auto& word : settings.command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  // The last: it may leave no room for words.
  if (settings.max_memory) {
    if (auto error = limit(RLIMIT_AS, *settings.max_memory, "memory")) return *error;
  }
  ::execve(arguments[0], arguments.data(), environ);
  return {why_not(settings.command[0], errno)};
}

}  // namespace lariat::collect
