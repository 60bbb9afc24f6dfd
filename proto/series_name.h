#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "proto/bolo_text.h"
#include "proto/qname.h"

namespace lariat::proto {

/// Makes a name as a `Record` has it of plain octets, as other formats than ours spell them.
///
/// Of a metric what no name can have (blanks, what controls, `=`, `*`, a backslash) is `_`. Of a
/// tag all octets stay but NUL and a backslash, which are `_`; one without a value is left out.
/// About 8 KiB, so better a member than a local.
class SeriesName {
 public:
  SeriesName() noexcept {}  // NOLINT(modernize-use-equals-default): the rooms need no zeros.

  /// Neither metric nor tags.
  void clear() noexcept {
    metric_size_ = tags_size_ = 0;
    judged_ = false;
  }
  /// The metric is begun anew; the tags stay.
  void clear_metric() noexcept { metric_size_ = 0; }
  /// Adds to the metric.
  void put_metric(std::string_view text) noexcept;
  /// Adds `_` and the text, or the text alone where the metric is empty.
  void put_part(std::string_view text) noexcept;
  void put_tag(std::string_view key, std::string_view value) noexcept;
  /// Adds tags as a qualified name spells them; whether they are good shows when it is encoded.
  void put_spelled_tags(std::string_view tags) noexcept;

  [[nodiscard]] std::string_view metric() const noexcept { return {metric_.data(), metric_size_}; }
  /// Gives the name to the record, which borrows it; `kBadName` if it has no metric, no room, or a
  /// key of tags twice.
  [[nodiscard]] Reason name(Record& record) noexcept;

 private:
  void put(char octet) noexcept;
  void put_plain(std::string_view text) noexcept;

  // One octet more than a name may have: then it is too long.
  std::array<char, kMaxNameLength + 1> metric_;
  std::array<char, kMaxNameLength + 1> tags_;
  std::size_t metric_size_ = 0;
  std::size_t tags_size_ = 0;
  bool judged_ = false;  // The tags have been looked at.
  bool repeats_ = false;
};

}  // namespace lariat::proto
