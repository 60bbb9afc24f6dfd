#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lariat::test {

/// A body of remote write, read by protozero and libsnappy.
struct WriteRequest {
  struct Sample {
    std::string series;  ///< `metric{a="b"}`, labels as they lie there.
    double value = 0;
    bool stale = false;
    std::int64_t milliseconds = 0;
    friend bool operator==(const Sample&, const Sample&) = default;
  };
  struct Metadata {
    std::string family;
    int type = 0;
  };
  std::vector<Sample> samples;
  std::vector<Metadata> metadata;
};

/// Throws if it is none.
[[nodiscard]] WriteRequest read_write_request(std::string_view compressed);

}  // namespace lariat::test
