#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "proto/default_tags.h"
#include "proto/point.h"
#include "proto/time_text.h"

namespace lariat::proto {

struct InfluxOptions {
  enum class Precision : std::uint8_t {
    kSeconds,      ///< With `precision=s` in the request.
    kNanoseconds,  ///< What a server assumes.
  };
  Precision precision = Precision::kNanoseconds;
  std::string field = "value";  ///< The one that each line has.
  friend bool operator==(const InfluxOptions&, const InfluxOptions&) = default;
};

/// Writes lines of InfluxDB's line protocol: `measurement,tags value=1.5 time` and a line feed.
///
/// Every number is a float. Tags are sorted by octets, those without a value left out; of alike
/// keys the first stays. Octets that are no text in UTF-8, and those that control, are `_`; so is a
/// backslash that stands where readers take it for an escape, and a `#` that would make a comment
/// of the line. The tag `time`, which servers refuse, is `time_`. A FACT's text is the tag `value`.
class InfluxEncoder {
 public:
  /// `labels` are added to every name that lacks their key.
  InfluxEncoder(const InfluxOptions& options, DefaultTags labels);

  /// Octets that a line has at most.
  [[nodiscard]] std::size_t room() const noexcept;
  /// Writes one line to the start of `out`, which has `room()` octets, and returns its length; 0
  /// for what cannot be expressed: a time that has no nanoseconds in 64 bits, a name that the
  /// labels make too long.
  [[nodiscard]] std::size_t write(const Point& point, std::span<char> out) noexcept;
  /// The same of measurement and tags alone.
  [[nodiscard]] std::size_t write_series(const Point& point, std::span<char> out) const noexcept;

 private:
  std::string field_;  // ` value=`, escaped.
  bool nanoseconds_;
  DefaultTags labels_;
  TimeText time_;
};

}  // namespace lariat::proto
