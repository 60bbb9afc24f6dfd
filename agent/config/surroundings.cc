#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <system_error>
#include <utility>

#include "agent/base/unique_fd.h"
#include "agent/config/load.h"
#include "agent/config/runtime_directory.h"

namespace lariat::config {
namespace {

constexpr std::size_t kLargestFile = std::size_t{1} << 20U;

std::string reason(int error) { return std::generic_category().message(error); }

base::Result<std::string> read_to_end(int fd, const std::string& path) {
  std::string text;
  std::array<char, std::size_t{16} << 10U> room;
  while (true) {
    const ssize_t got = ::read(fd, room.data(), room.size());
    if (got == 0) return text;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return base::Error{fmt::format("{} cannot be read: {}", path, reason(errno))};
    text.append(room.data(), static_cast<std::size_t>(got));
    if (text.size() > kLargestFile) return base::Error{fmt::format("{} is over 1 MiB", path)};
  }
}

base::Result<std::string> read_file(const std::string& path) {
  // A pipe without a writer must not hold us.
  const base::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd) return base::Error{fmt::format("{} cannot be opened: {}", path, reason(errno))};
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) {
    return base::Error{fmt::format("{} cannot be read: {}", path, reason(errno))};
  }
  if (S_ISDIR(status.st_mode)) {
    return base::Error{fmt::format("{} is a directory; write the path of a file", path)};
  }
  if (!S_ISREG(status.st_mode)) {
    return base::Error{fmt::format("{} is a pipe or a device; write the path of a file", path)};
  }
  return read_to_end(fd.get(), path);
}

std::optional<std::string> variable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) return std::nullopt;
  return value;
}

std::string host_name() {
  std::array<char, HOST_NAME_MAX + 1> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return "localhost";
  return name.data();
}

std::string folder_of_program() {
  std::array<char, PATH_MAX> path{};
  const ssize_t size = ::readlink("/proc/self/exe", path.data(), path.size());
  if (size <= 0) return "/usr/bin";
  const std::string program(path.data(), static_cast<std::size_t>(size));
  return program.substr(0, program.rfind('/'));
}

bool is_directory(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

std::string shipped_collectors() {
  const std::string folder = folder_of_program();
  std::string beside = folder + "/collectors";
  if (is_directory(beside)) return beside;
  return folder.substr(0, folder.rfind('/')) + "/lib/lariat/collectors";
}

bool may_write(const std::string& directory) {
  return ::faccessat(AT_FDCWD, directory.c_str(), W_OK | X_OK, AT_EACCESS) == 0;
}

std::string runtime_directory() {
  std::string system = "/run/lariat";
  if (is_directory(system) ? may_write(system) : may_write("/run")) return system;
  auto own = variable("XDG_RUNTIME_DIR").value_or("");
  if (own.starts_with('/') && is_directory(own) && may_write(own)) return own;
  auto temporary = variable("TMPDIR").value_or("");
  if (!temporary.starts_with('/')) temporary = "/tmp";
  return fmt::format("{}/lariat-{}", temporary, ::geteuid());
}

}  // namespace

Surroundings real_surroundings() {
  return {.hostname = host_name(),
          .variable = variable,
          .read_file = read_file,
          .shipped_collectors = shipped_collectors(),
          .runtime_directory = runtime_directory()};
}

std::optional<base::Error> prepare_runtime_directory(const std::string& directory) {
  if (::mkdir(directory.c_str(), S_IRWXU) != 0 && errno != EEXIST) {
    return base::Error{fmt::format("{} cannot be made: {}", directory, reason(errno))};
  }
  struct stat status {};
  if (::lstat(directory.c_str(), &status) != 0) {
    return base::Error{fmt::format("{} cannot be looked at: {}", directory, reason(errno))};
  }
  if (!S_ISDIR(status.st_mode)) {
    return base::Error{
        fmt::format("{} is not a directory; remove it, or configure control.socket", directory)};
  }
  if (status.st_uid != ::geteuid()) {
    return base::Error{fmt::format("{} belongs to another user (uid {}); configure control.socket",
                                   directory, status.st_uid)};
  }
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return base::Error{
        fmt::format("other users may write in {}: chmod 700 {}", directory, directory)};
  }
  return std::nullopt;
}

}  // namespace lariat::config
