#include "agent/collect/directory_scan.h"

#include <dirent.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include "agent/collect/error_lines.h"
#include "agent/config/name.h"

namespace lariat::collect {
namespace {

constexpr std::array<std::string_view, 11> kLeftoverEnds{"~",       ".swp",     ".swo",      ".tmp",
                                                         ".bak",    ".orig",    ".disabled", ".old",
                                                         ".rpmnew", ".rpmsave", ".rpmorig"};
// A folder of something else that was named by mistake would fill log and status.
constexpr std::size_t kMostSkipped = 100;
constexpr mode_t kAnyExecute = 0111;

void look_at(const std::string& directory, const std::string& file, DirectoryContents& contents) {
  const std::string path = directory + "/" + file;
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    const char* why = errno == ENOENT ? "what it links to does not exist" : std::strerror(errno);
    contents.skipped.push_back({path, fmt::format("{} is skipped: {}", path, why)});
    return;
  }
  if (S_ISDIR(status.st_mode)) return;
  const bool description = file.ends_with(".json");
  if (!description && (!S_ISREG(status.st_mode) || (status.st_mode & kAnyExecute) == 0)) {
    contents.skipped.push_back(
        {path, fmt::format("{} is skipped: it is neither an executable (chmod +x '{}') nor a "
                           "description NAME.json",
                           path, path)});
    return;
  }
  std::string name = file.substr(0, file.rfind('.'));
  if (!config::is_name(name)) {
    contents.skipped.push_back(
        {path, fmt::format("{} is skipped: \"{}\" cannot be the name of a collector; call the file "
                           "by another: {}",
                           printable(path), printable(name), config::kNameRule)});
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

DirectoryContents scan_directory(const std::string& directory) {
  DirectoryContents contents;
  const std::unique_ptr<DIR, int (*)(DIR*)> open(::opendir(directory.c_str()), ::closedir);
  if (!open) {
    if (errno != ENOENT) {
      contents.skipped.push_back({directory, fmt::format("cannot read the directory {}: {}",
                                                         directory, std::strerror(errno))});
    }
    return contents;
  }
  while (const dirent* entry = ::readdir(open.get())) {
    const std::string file = entry->d_name;
    if (!is_leftover(file)) look_at(directory, file, contents);
  }
  const auto by_path = [](const auto& a, const auto& b) { return a.path < b.path; };
  std::sort(contents.files.begin(), contents.files.end(), by_path);
  std::sort(contents.skipped.begin(), contents.skipped.end(), by_path);
  if (contents.skipped.size() > kMostSkipped) {
    const auto all = contents.skipped.size();
    contents.skipped.resize(kMostSkipped);
    contents.skipped.push_back(
        {directory, fmt::format("{} files in {} are skipped, these and more: is it a directory of "
                                "collectors?",
                                all, directory)});
  }
  return contents;
}

}  // namespace lariat::collect
