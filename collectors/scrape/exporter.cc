#include "collectors/scrape/exporter.h"

#include <cmath>

namespace lariat::scrape {
namespace {

constexpr long kGoodStatus = 200;

std::string read(const Exporter& exporter, const sdk::FetchResponse& response,
                 std::vector<sdk::ExpositionReading>& values) {
  if (!response.fault.empty()) return response.fault;
  if (response.status != kGoodStatus) return "status " + std::to_string(response.status);
  if (sdk::read_exposition(response.body, values, exporter.labels)) return {};
  values.clear();
  return "its answer is not in Prometheus' text format";
}

}  // namespace

std::string put(const Exporter& exporter, const sdk::FetchResponse& response, std::string_view tags,
                sdk::Answer& answer) {
  std::vector<sdk::ExpositionReading> values;
  std::string fault = read(exporter, response, values);
  double told = 0;
  for (sdk::ExpositionReading& value : values) {
    const bool kept = !exporter.keep.is_set() || exporter.keep.found_in(value.metric);
    if (!kept || exporter.drop.found_in(value.metric) || !std::isfinite(value.value)) continue;
    value.metric.insert(0, exporter.prefix);
    sdk::put(value, answer);
    ++told;
  }
  answer.sample("up", fault.empty() ? 1 : 0, tags);
  answer.sample("scrape_duration_seconds", response.total, tags);
  answer.sample("scrape_samples_scraped", static_cast<double>(values.size()), tags);
  answer.sample("scrape_samples_told", told, tags);
  return fault;
}

}  // namespace lariat::scrape
