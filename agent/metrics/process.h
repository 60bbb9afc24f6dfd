#pragma once

#include <string>
#include <utility>

#include "agent/metrics/source.h"

namespace lariat::metrics {

/// The usual `process_*` metrics of this process, read from `/proc` at each report.
///
/// What cannot be read or understood is left out, the rest is still told. Context switches are
/// those of the threads alive, summed.
class ProcessSource final : public Source {
 public:
  /// `proc` is where the kernel's view is mounted; in a test a folder with `stat` and `self/`.
  explicit ProcessSource(std::string proc = "/proc") : proc_(std::move(proc)) {}

  void report(Report& report) const override;

 private:
  std::string proc_;
};

}  // namespace lariat::metrics
