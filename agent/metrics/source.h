#pragma once

#include <initializer_list>
#include <string_view>

#include "agent/metrics/table.h"

namespace lariat::metrics {

/// Where a `Source` puts its values at a scrape.
class Report {
 public:
  /// One sample. `label_values` are in the order of the metric's keys and as many. Whole numbers up
  /// to 2^53 come out exactly. The same metric with the same labels is set once in a scrape.
  virtual void set(Metric metric, double value,
                   std::initializer_list<std::string_view> label_values) = 0;
  /// The sample of a metric without labels.
  void set(Metric metric, double value) { set(metric, value, {}); }

 protected:
  ~Report() = default;
};

/// Whoever counts something: keeps plain integers, and tells them when it is asked.
class Source {
 public:
  /// To set what it knows and leave out what it does not. Reads only; runs at each scrape.
  virtual void report(Report& report) const = 0;

 protected:
  ~Source() = default;
};

}  // namespace lariat::metrics
