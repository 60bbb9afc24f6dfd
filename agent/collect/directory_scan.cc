#include "agent/collect/directory_scan.h"

#include <dirent.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

namespace lariat::collect {
namespace {

constexpr std::array<std::string_view, 11> kLeftoverEnds{"~",       ".swp",     ".swo",      ".tmp",
                                                         ".bak",    ".orig",    ".disabled", ".old",
                                                         ".rpmnew", ".rpmsave", ".rpmorig"};
constexpr mode_t kAnyExecute = 0111;

bool is_letter_or_digit(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

void look_at(const std::string& directory, const std::string& file, DirectoryContents& contents) {
  const std::string path = directory + "/" + file;
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) {
      contents.remarks.push_back(
          fmt::format("{} is skipped: what it links to does not exist", path));
    } else {
      contents.remarks.push_back(fmt::format("{} is skipped: {}", path, std::strerror(errno)));
    }
    return;
  }
  if (S_ISDIR(status.st_mode)) return;
  const bool description = file.ends_with(".json");
  if (!description && (!S_ISREG(status.st_mode) || (status.st_mode & kAnyExecute) == 0)) {
    contents.remarks.push_back(
        fmt::format("{} is skipped: it is neither an executable (chmod +x '{}') nor a description "
                    "NAME.json",
                    path, path));
    return;
  }
  std::string name = file.substr(0, file.rfind('.'));
  if (!is_collector_name(name)) {
    contents.remarks.push_back(
        fmt::format("{} is skipped: a collector's name has letters, digits, _, - and . only, "
                    "begins with one of "
                    "the first two, and is not longer than 64: rename it",
                    path));
    return;
  }
  contents.files.push_back({path, std::move(name), description});
}

}  // namespace

bool is_leftover(std::string_view file_name) noexcept {
  return file_name.starts_with('.') || file_name.starts_with('#') ||
         file_name.starts_with("README") || file_name.find(".dpkg-") != std::string_view::npos ||
         std::any_of(kLeftoverEnds.begin(), kLeftoverEnds.end(),
                     [file_name](auto end) { return file_name.ends_with(end); });
}

bool is_collector_name(std::string_view name) noexcept {
  constexpr std::size_t kLongest = 64;
  return !name.empty() && name.size() <= kLongest && is_letter_or_digit(name.front()) &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return is_letter_or_digit(c) || c == '_' || c == '-' || c == '.';
         });
}

DirectoryContents scan_directory(const std::string& directory) {
  DirectoryContents contents;
  const std::unique_ptr<DIR, int (*)(DIR*)> open(::opendir(directory.c_str()), ::closedir);
  if (!open) {
    if (errno != ENOENT) {
      contents.remarks.push_back(
          fmt::format("cannot read the directory {}: {}", directory, std::strerror(errno)));
    }
    return contents;
  }
  while (const dirent* entry = ::readdir(open.get())) {
    const std::string file = entry->d_name;
    if (!is_leftover(file)) look_at(directory, file, contents);
  }
  std::sort(contents.files.begin(), contents.files.end(),
            [](const auto& a, const auto& b) { return a.path < b.path; });
  std::sort(contents.remarks.begin(), contents.remarks.end());
  return contents;
}

}  // namespace lariat::collect
