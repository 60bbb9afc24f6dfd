#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "tests/integration/bench_run.h"
#include "tests/support/test_receiver.h"

namespace lariat::test {
namespace {

TEST(Burst, Of1000FramesToThreeEndpointsIsThreeSendsAndOneWakeUp) {
  constexpr double kBurst = 1'000;
  TestReceiver a;
  TestReceiver b;
  TestReceiver c;
  BenchRun bench({a.url(), b.url(), c.url(), "--wait", "--rate", "1000", "--every", "1s",
                  "--seconds", "600s"});
  bench.wait_connected(3);
  // From just after a burst to just after another, and what the reading itself costs.
  const auto bursts = [](const MetricsText& now) {
    return now.value("lariat_log_frames_total") / kBurst;
  };
  const auto next_burst = [&](double after) {
    EXPECT_TRUE(wait_until([&] {
      const auto target = (after + 1) * kBurst;
      return static_cast<double>(a.record().frames) >= target &&
             static_cast<double>(b.record().frames) >= target &&
             static_cast<double>(c.record().frames) >= target;
    }));
  };
  next_burst(bursts(bench.metrics()));
  // Each reading wakes a program that sleeps.
  constexpr std::chrono::milliseconds kSettled{100};
  bench.process().wait(kSettled);
  const auto first = bench.metrics();
  bench.process().wait(kSettled);
  const auto again = bench.metrics();
  for (int i = 0; i < 6; ++i) next_burst(bursts(first) + i);
  bench.process().wait(kSettled);
  const auto last = bench.metrics();

  const auto change = [](const MetricsText& from, const MetricsText& to, const std::string& name) {
    return to.sum(name) - from.sum(name);
  };
  ASSERT_EQ(bursts(again), bursts(first)) << "the two readings are between two bursts";
  const auto count = bursts(last) - bursts(again);
  ASSERT_EQ(count, 6);
  EXPECT_EQ(change(again, last, "lariat_endpoint_write_calls_total"), 3 * count);
  const auto reading = change(first, again, "lariat_loop_wakeups_total");
  EXPECT_EQ(reading, 1) << "a signal is one wake-up";
  EXPECT_EQ(change(again, last, "lariat_loop_wakeups_total") - reading, count);
  EXPECT_EQ(change(again, last, "lariat_loop_wakeups_idle_total"), 0);
  EXPECT_EQ(last.sum("lariat_endpoint_write_watcher_starts_total"), 0) << "nothing was refused";
  EXPECT_EQ(last.sum("lariat_endpoint_write_wakeups_total"), 0);
}

}  // namespace
}  // namespace lariat::test
