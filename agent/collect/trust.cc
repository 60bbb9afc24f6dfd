#include "agent/collect/trust.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <deque>
#include <string_view>

namespace lariat::collect {
namespace {

constexpr int kMaxLinks = 40;  // As the kernel's.

void split(std::string_view path, std::deque<std::string>& parts, std::size_t at) {
  while (!path.empty()) {
    const auto end = std::min(path.find('/'), path.size());
    const auto part = path.substr(0, end);
    if (!part.empty() && part != ".") {
      parts.insert(parts.begin() + static_cast<std::ptrdiff_t>(at++), std::string(part));
    }
    path.remove_prefix(std::min(end + 1, path.size()));
  }
}

// What does not exist may be made by those who are trusted with its directory, nobody else.
Distrust unreadable(const std::string& path, int error) {
  if (error == ENOENT) return {};
  return {path, fmt::format("cannot look at {}: {}", path, std::strerror(error))};
}

Distrust wrong_owner(const std::string& path, bool link) {
  return {path,
          fmt::format("{} belongs to neither root nor the agent's user, so another user could "
                      "change what runs: chown {}root '{}'",
                      path, link ? "-h " : "", path)};
}

Distrust writable(const std::string& path, mode_t mode) {
  const bool group = (mode & S_IWGRP) != 0;
  const bool others = (mode & S_IWOTH) != 0;
  return {path, fmt::format(
                    "{} may be written by {}, who could change what runs: chmod {}{}-w '{}'", path,
                    group && others ? "its group and others"
                    : group         ? "its group"
                                    : "others",
                    group ? "g" : "", others ? "o" : "", path)};
}

Distrust judge_one(const std::string& path, const struct stat& status, bool parent,
                   std::span<const uid_t> owners) {
  const bool link = S_ISLNK(status.st_mode);
  if (std::find(owners.begin(), owners.end(), status.st_uid) == owners.end()) {
    return wrong_owner(path, link);
  }
  const bool sticky = parent && (status.st_mode & S_ISVTX) != 0;
  if (!link && !sticky && (status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return writable(path, status.st_mode);
  }
  return {};
}

}  // namespace

Distrust judge(const std::string& file, std::span<const uid_t> owners) {
  std::deque<std::string> parts;
  split(file, parts, 0);
  parts.emplace_front();  // The root itself.
  std::string done;       // Of parts that are no links.
  for (int links = 0; !parts.empty();) {
    const std::string part = parts.front();
    parts.pop_front();
    if (part == "..") {
      done.resize(std::min(done.rfind('/'), done.size()));
      continue;
    }
    const std::string path = part.empty() ? "/" : done + "/" + part;
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0) return unreadable(path, errno);
    if (auto distrust = judge_one(path, status, parts.size() > 1, owners)) return distrust;
    if (!S_ISLNK(status.st_mode)) {
      if (!part.empty()) done = path;
      continue;
    }
    std::array<char, PATH_MAX> target{};
    const ssize_t length = ::readlink(path.c_str(), target.data(), target.size());
    if (length < 0) return unreadable(path, errno);
    if (++links > kMaxLinks) return unreadable(path, ELOOP);
    if (target[0] == '/') done.clear();
    split({target.data(), static_cast<std::size_t>(length)}, parts, 0);
  }
  return {};
}

}  // namespace lariat::collect
