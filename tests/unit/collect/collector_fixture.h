#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "agent/collect/collector.h"
#include "tests/unit/collect/supervision_fixture.h"

namespace lariat::collect {

/// One collector on a loop, with short waits.
class CollectorTest : public SupervisionTest {
 protected:
  ~CollectorTest() override {
    if (!collector_) return;
    collector_->retire();
    EXPECT_TRUE(until([this] { return collector_->gone(); }));
  }
  Collector& make(config::Collector description, std::function<void()> on_wants_start = nullptr) {
    collector_ =
        std::make_unique<Collector>(supervision_, std::move(description), 7,
                                    Collector::Events{.on_run = [this] { ++runs_; },
                                                      .on_wants_start = std::move(on_wants_start)});
    return *collector_;
  }
  // Starts it and waits for so many runs.
  Collector& run(config::Collector description, int runs = 1) {
    auto& collector = make(std::move(description));
    collector.start();
    wait_for_runs(runs);
    return collector;
  }
  void wait_for_runs(int runs) {
    EXPECT_TRUE(until([this, runs] { return runs_ >= runs; })) << runs_ << " runs";
  }
  // Its process has ended, and the loop has not seen that yet.
  void wait_for_exit() const {
    const pid_t pid = collector_->pid();
    siginfo_t ended{};
    ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(pid), &ended, WEXITED | WNOWAIT), 0);
  }
  [[nodiscard]] std::uint64_t count(Result result) const {
    return collector_->runs().count(result);
  }
  [[nodiscard]] std::string error() const { return collector_->state().last_error; }
  [[nodiscard]] bool error_has(std::string_view part) const {
    return error().find(part) != std::string::npos;
  }

  std::array<std::byte, 65536> room_;
  Reaper reaper_{loop_};
  Supervision supervision_{.loop = loop_,
                           .lines = lines_,
                           .sink = sink_,
                           .tags = tags_,
                           .reaper = reaper_,
                           .exec_program = LARIAT_BINARY,
                           .waits = quick(),
                           .room = room_};
  int runs_ = 0;
  std::unique_ptr<Collector> collector_;
};

}  // namespace lariat::collect
