#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace lariat::proto {

/// One line of Prometheus' text format; borrows from the text.
struct ExpositionValue {
  enum class Type : std::uint8_t { kUntyped, kCounter, kGauge, kHistogram, kSummary };

  std::string_view name;
  std::string_view labels;  ///< What stands between the braces: see `LabelWalk`.
  double value = 0;         ///< May be a NaN or an infinity.
  Type type = Type::kUntyped;

  /// A number that only grows: a counter, and what a histogram or a summary counts and adds up.
  [[nodiscard]] bool cumulative() const noexcept;
};

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
  void take_comment(std::string_view line) noexcept;
  [[nodiscard]] ExpositionValue::Type type_of(std::string_view name) const noexcept;

  std::string_view rest_;
  std::string_view family_;  // Of the newest TYPE line.
  ExpositionValue::Type type_ = ExpositionValue::Type::kUntyped;
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
