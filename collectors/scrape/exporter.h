#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "collectors/sdk/answer.h"
#include "collectors/sdk/exposition.h"
#include "collectors/sdk/fetch.h"
#include "collectors/sdk/pattern.h"

namespace lariat::scrape {

/// An exporter of Prometheus' format, and what is told of its values.
struct Exporter {
  sdk::FetchRequest request;
  std::string prefix;                   ///< Put before each metric.
  sdk::Pattern keep;                    ///< If set: metrics in which it is not found are left out.
  sdk::Pattern drop;                    ///< Metrics in which it is found are left out.
  std::vector<sdk::Tags::Pair> labels;  ///< Set on each value, borrowed.
};

/// Puts into `answer` what an exporter has answered, `up`, `scrape_duration_seconds`,
/// `scrape_samples_scraped` and `scrape_samples_told`, these with `tags`. An answer with a line
/// that is no value is none. What is wrong as one sentence, or nothing.
[[nodiscard]] std::string put(const Exporter& exporter, const sdk::FetchResponse& response,
                              std::string_view tags, sdk::Answer& answer);

}  // namespace lariat::scrape
