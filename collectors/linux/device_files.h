#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/sdk/source.h"

namespace lariat::host {

/// The files of one device, in its folder of /sys, that hold a number each.
///
/// Which there are is looked up once: a device has them from its beginning to its end.
class NumberFiles {
 public:
  struct Column {
    std::string_view file;
    std::string_view metric;
    double divisor = 1;
    double factor = 1;
    bool counter = false;
  };

  /// `columns` must outlive it.
  NumberFiles(const std::string& folder, std::span<const Column> columns, sdk::Host& host);

  /// A file that cannot be read now, or holds no number, is left out.
  void put(sdk::Answer& answer, std::string_view tags);
  /// Tells what `put` told last, without reading.
  void repeat(sdk::Answer& answer, std::string_view tags) const;
  [[nodiscard]] bool empty() const noexcept { return files_.empty(); }

 private:
  struct File {
    sdk::SysFile file;
    const Column* column;
    std::optional<double> last;  // What it held.
  };
  static void tell(const File& file, sdk::Answer& answer, std::string_view tags);

  std::vector<File> files_;
};

/// The files of one device that hold a piece of text each: the tags of a metric `…_info`, made anew
/// only when a text has changed.
class TextFiles {
 public:
  struct Text {
    std::string_view file;
    std::string_view tag;
  };

  /// `texts` must outlive it. The fixed tag is one that no file has, such as the name of the
  /// device.
  TextFiles(const std::string& folder, std::span<const Text> texts, sdk::Host& host,
            std::string_view fixed_tag = {}, std::string_view fixed_value = {});

  /// The tags as they are now. A file that cannot be read is a tag that is left out.
  [[nodiscard]] const std::string& tags();
  /// As they were then.
  [[nodiscard]] const std::string& last_tags() const noexcept { return tags_.text(); }

 private:
  struct File {
    sdk::SysFile file;
    std::string_view tag;
  };
  void make_tags();

  std::vector<File> files_;
  std::string fixed_tag_;
  std::string fixed_value_;
  std::string now_;
  std::string last_;
  sdk::Tags tags_;
};

/// A whole number, decimal or hexadecimal behind `0x`.
[[nodiscard]] std::optional<double> parse_whole(std::string_view text) noexcept;

}  // namespace lariat::host
