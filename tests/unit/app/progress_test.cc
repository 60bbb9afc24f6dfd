#include "agent/app/progress.h"

#include <gtest/gtest.h>

namespace lariat::app {
namespace {

TEST(Progress, TellsTotalsAndRatesSinceTheLastDrawing) {
  EXPECT_EQ(progress_text({1000, 0, 3}, {1500, 2'000'000, 1}, std::chrono::milliseconds(500)),
            "1500 frames  1000/s  4.0 MB/s  1 connection");
  EXPECT_EQ(progress_text({}, {}, std::chrono::seconds(0)),
            "0 frames  0/s  0.0 MB/s  0 connections");
}

TEST(Progress, IsNothingWithoutATerminal) {
  loop::Loop loop;
  Progress progress(loop, [] { return ProgressCounts{}; });
  testing::internal::CaptureStderr();  // A file.
  progress.start();
  EXPECT_FALSE(progress.active());
  progress.clear();
  progress.stop();
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace lariat::app
