#pragma once

#include <chrono>
#include <string>
#include <utility>

#include "agent/base/clock.h"
#include "agent/metrics/source.h"

namespace lariat::app {

/// What became of the configuration: `lariat_config_*`, and the words for `/status`.
class ReloadSource final : public metrics::Source {
 public:
  void loaded(base::WallTime now) {
    error_.clear();
    loaded_at_ = now;
  }
  void refused(std::string why) { error_ = std::move(why); }

  /// Why the last reload was refused; empty if it was good.
  [[nodiscard]] const std::string& error() const noexcept { return error_; }
  /// When the configuration in force was loaded.
  [[nodiscard]] base::WallTime loaded_at() const noexcept { return loaded_at_; }

  void report(metrics::Report& report) const override {
    const std::chrono::duration<double> at = loaded_at_.time_since_epoch();
    report.set(metrics::Metric::kConfigLastReloadSuccessful, error_.empty() ? 1 : 0);
    report.set(metrics::Metric::kConfigLastReloadTimestampSeconds, at.count());
  }

 private:
  std::string error_;
  base::WallTime loaded_at_{};
};

}  // namespace lariat::app
