#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "proto/reason.h"

namespace lariat::proto {

/// One line of Prometheus' text format; borrows from the text.
struct ExpositionValue {
  enum class Type : std::uint8_t { kUntyped, kCounter, kGauge, kHistogram, kSummary };

  std::string_view name;
  std::string_view labels;  ///< What stands between the braces: see `LabelWalk`.
  double value = 0;         ///< May be a NaN or an infinity.
  std::string_view time;    ///< What stands behind the value, if anything, up to an exemplar's `#`.
  Type type = Type::kUntyped;
  bool part = false;  ///< What a histogram or a summary counts and adds up.

  /// A number that only grows: a counter, and what a histogram or a summary counts and adds up.
  [[nodiscard]] bool cumulative() const noexcept { return type == Type::kCounter || part; }
};

/// A line `# TYPE NAME TYPE`; without a name if it is none.
struct ExpositionFamily {
  std::string_view name;
  ExpositionValue::Type type = ExpositionValue::Type::kUntyped;

  /// Gives a value its type: the family's, if it belongs to it, else none. The names in a histogram
  /// or a summary are longer than their family's, as OpenMetrics has it a counter's too.
  void describe(ExpositionValue& value) const noexcept;
};
/// `line` begins with `#`.
[[nodiscard]] ExpositionFamily read_family(std::string_view line) noexcept;

/// Seconds since 1970. A time with a point or up to 11 digits is in seconds, as OpenMetrics writes
/// them, any other in milliseconds.
[[nodiscard]] std::optional<std::uint64_t> exposition_seconds(std::string_view time) noexcept;

/// Reads a line that is not empty and no comment. Its type is not known from it. The reason is
/// `kBadName` (labels too), `kMissingField` or `kBadNumber`; then `value` is as it was.
[[nodiscard]] Reason read_exposition_line(std::string_view line, ExpositionValue& value) noexcept;

/// Reads values in Prometheus' text format, one after the other. Lines that are not good are
/// skipped and counted; time stamps are not looked at. Allocates nothing.
class ExpositionReader {
 public:
  explicit ExpositionReader(std::string_view text) noexcept : rest_(text) {}

  /// False at the end; then `value` is as it was.
  [[nodiscard]] bool next(ExpositionValue& value) noexcept;
  /// Lines that were skipped so far, without comments and empty ones.
  [[nodiscard]] std::size_t refused() const noexcept { return refused_; }

 private:
  std::string_view rest_;
  ExpositionFamily family_;  // Of the newest TYPE line.
  std::size_t refused_ = 0;
};

struct ExpositionLabel {
  std::string_view name;
  std::string_view value;  ///< As it is spelled, with its escapes: see `unescape_label`.
};

/// A walk over the labels of a value that `ExpositionReader` has handed out.
class LabelWalk {
 public:
  explicit LabelWalk(std::string_view labels) noexcept : rest_(labels) {}
  /// False at the end, or where the text is no more labels.
  [[nodiscard]] bool next(ExpositionLabel& label) noexcept;
  /// Everything was read.
  [[nodiscard]] bool at_end() const noexcept { return rest_.empty(); }

 private:
  std::string_view rest_;
};

/// The octets that a label's value stands for: itself when it has no escapes, else in `out`, which
/// needs no more octets than it has. A `out` that is too small gets a part.
[[nodiscard]] std::string_view unescape_label(std::string_view spelled,
                                              std::span<char> out) noexcept;

}  // namespace lariat::proto
