#pragma once

#include <memory>
#include <string>

#include "agent/metrics/source.h"

namespace lariat::metrics {

/// All sources of the agent's own metrics, and their values as text.
///
/// Costs nothing between scrapes: no value is kept here, each is asked for when text is made.
/// Ownership: borrows its sources; each is removed before it goes.
/// Threads: that of the sources, the loop's.
class Registry {
 public:
  Registry();
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  /// `source` is not in yet. Sources are asked in the order in which they were added.
  void add(const Source& source);
  /// `source` is in.
  void remove(const Source& source) noexcept;

  /// The Prometheus text exposition of now: families in the order of the table, those without a
  /// sample left out; in a family, samples as they were set.
  [[nodiscard]] std::string text() const;

 private:
  class Families;
  std::unique_ptr<Families> families_;
};

}  // namespace lariat::metrics
