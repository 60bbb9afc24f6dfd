#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/config/load.h"

namespace lariat::config {

/// Where something stands in a text; both count from 1, columns in octets. Line 0: nowhere.
struct Place {
  std::size_t line = 0;
  std::size_t column = 0;
};

/// `text` as a terminal may get it: what controls one or turns the direction of text is spelled
/// `\xNN`, and of more than `most` octets the end is left out.
[[nodiscard]] std::string shown(std::string_view text, std::size_t most);
/// A short piece of `text` in double quotes, for a sentence.
[[nodiscard]] std::string quoted(std::string_view text);

/// All that is wrong with one file, in the order in which it was found.
///
/// Of mistakes and of warnings each it keeps the first thousand: then one more says so.
class Notes {
 public:
  explicit Notes(std::string file) : file_(std::move(file)) {}

  void mistake(Place place, std::string_view path, std::string_view text);
  void warning(Place place, std::string_view path, std::string_view text);

  [[nodiscard]] const std::string& file() const noexcept { return file_; }
  [[nodiscard]] bool good() const noexcept { return mistakes_.empty(); }
  /// In the order of the file.
  [[nodiscard]] std::vector<Mistake> take_mistakes();
  [[nodiscard]] std::vector<Mistake> take_warnings();
  /// The file cannot be read, as a sentence says that begins with its path.
  void unreadable(std::string_view sentence);
  /// Warnings of another file, to stand behind those of this one.
  void add_warnings(std::vector<Mistake> warnings);

 private:
  void add(std::vector<Mistake>& list, Mistake note) const;

  std::string file_;
  std::vector<Mistake> mistakes_;
  std::vector<Mistake> warnings_;
  std::vector<Mistake> others_;
};

}  // namespace lariat::config
