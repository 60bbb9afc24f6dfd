#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "proto/default_tags.h"
#include "proto/legal_name.h"
#include "proto/point.h"

namespace lariat::proto {

struct RemoteWriteOptions {
  DefaultTags labels;    ///< Added to every name that lacks the key.
  std::string hostname;  ///< The label `instance` of a name without a tag `host`.
  friend bool operator==(const RemoteWriteOptions&, const RemoteWriteOptions&) = default;
};

/// Writes the parts of a WriteRequest of Prometheus' remote write 1.0, not compressed. Each is one
/// field of the request: any of them one behind the other are a request.
///
/// Labels are sorted by octets, each name once, the first of alike ones; those without a value are
/// left out. Names are legal, values UTF-8: what is not becomes `_`. `job="lariat"` and
/// `instance="HOST"` are added to a series that has no such tag; one without a value says that
/// there is to be none. A FACT's text is the label `value`.
class RemoteWriteEncoder {
 public:
  /// One part.
  struct Series {
    std::size_t size = 0;     ///< Octets written; 0: it cannot be expressed.
    std::string_view labels;  ///< Of them those that say which series it is, and these alone.
  };

  explicit RemoteWriteEncoder(RemoteWriteOptions options);

  /// Octets that a part has at most.
  [[nodiscard]] std::size_t room() const noexcept;
  /// A series with one sample to the start of `out`, which has `room()` octets. What cannot be
  /// expressed is a name that the labels make too long.
  [[nodiscard]] Series write(const Point& point, std::span<char> out) const noexcept;
  /// The same with the mark that the series has ended; `point.value` does not matter.
  [[nodiscard]] Series write_stale(const Point& point, std::span<char> out) const noexcept;
  /// What type the metric of a point has, once for all its series. Returns the size.
  [[nodiscard]] std::size_t write_metadata(const Point& point, std::span<char> out) const noexcept;

 private:
  [[nodiscard]] Series write_sample(const Point& point, double value,
                                    std::span<char> out) const noexcept;

  RemoteWriteOptions options_;
};

}  // namespace lariat::proto
