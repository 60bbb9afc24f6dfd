#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lariat::collect {

/// A file in a directory of collectors that says what is to run.
struct DirectoryFile {
  std::string path;
  std::string name;          ///< Of the collector: the file's without its extension.
  bool description = false;  ///< A `NAME.json`; else an executable.
};

struct DirectoryContents {
  std::vector<DirectoryFile> files;  ///< Sorted by path.
  /// One sentence for each file that is neither, and for a directory that cannot be read.
  std::vector<std::string> remarks;
};

/// Files that are nobody's collectors and are passed over without a word: hidden ones, and what
/// editors and package managers leave behind.
[[nodiscard]] bool is_leftover(std::string_view file_name) noexcept;
/// A name that metrics and lines can show as it is: letters, digits, `_`, `-`, `.`; at most 64.
[[nodiscard]] bool is_collector_name(std::string_view name) noexcept;

/// A directory that does not exist is empty.
[[nodiscard]] DirectoryContents scan_directory(const std::string& directory);

}  // namespace lariat::collect
