#pragma once

#include "agent/loop/loop.h"
#include "agent/metrics/source.h"

namespace lariat::app {

/// What the program knows of itself: its version and its loop, `lariat_build_info` and
/// `lariat_loop_*`. Borrows the loop.
class SelfSource final : public metrics::Source {
 public:
  explicit SelfSource(const loop::Loop& loop) : loop_(loop) {}
  void report(metrics::Report& report) const override;

 private:
  const loop::Loop& loop_;
};

}  // namespace lariat::app
