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

/// A file that is neither, or a directory that cannot be read.
struct SkippedFile {
  std::string path;
  std::string why;  ///< In one sentence, with what to do.

  friend bool operator==(const SkippedFile&, const SkippedFile&) = default;
};

struct DirectoryContents {
  std::vector<DirectoryFile> files;  ///< Sorted by path, as the others are.
  std::vector<SkippedFile> skipped;  ///< So many at most: the last says how many there are.
};

/// Files that are nobody's collectors and are passed over without a word: hidden ones, and what
/// editors and package managers leave behind.
[[nodiscard]] bool is_leftover(std::string_view file_name) noexcept;

/// A directory that does not exist is empty.
[[nodiscard]] DirectoryContents scan_directory(const std::string& directory);

}  // namespace lariat::collect
