#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "tests/integration/bench_run.h"
#include "tests/support/process.h"
#include "tests/support/test_receiver.h"

namespace lariat::test {
namespace {

/// What happened in a program that had nothing to do, between two readings.
struct Idle {
  double wakeups = 0;     ///< Without those of reading.
  double iterations = 0;  ///< Likewise; a loop that spins does not sleep, so it does not wake.
  double wakeups_idle = 0;
  double empty_write_wakeups = 0;
  double spins = 0;
  std::uint64_t switches = 0;  ///< Voluntary ones, as the kernel counts them, between the readings.

  [[nodiscard]] bool nothing_happened() const noexcept {
    return wakeups == 0 && iterations == 0 && wakeups_idle == 0 && empty_write_wakeups == 0 &&
           spins == 0;
  }
};

std::uint64_t switches_of(BenchRun& bench) {
  return status_number(bench.process().pid(), "voluntary_ctxt_switches");
}

// Two readings soon after another tell what a reading costs to a program that sleeps.
Idle watch_idle(BenchRun& bench, std::chrono::milliseconds duration) {
  // What waited for the connections, or the last reading, is on its way to sleep still.
  constexpr std::chrono::milliseconds kSettled{300};
  bench.process().wait(kSettled);
  const auto before = bench.metrics();
  bench.process().wait(kSettled);
  const auto again = bench.metrics();
  bench.process().wait(kSettled);
  const auto switches = switches_of(bench);
  EXPECT_FALSE(bench.process().wait(duration)) << "it is to be there for longer";
  Idle idle{.switches = switches_of(bench) - switches};
  const auto after = bench.metrics();
  const auto change = [&](const std::string& name) { return after.sum(name) - again.sum(name); };
  const auto beside_reading = [&](const std::string& name) {
    return change(name) - (again.sum(name) - before.sum(name));
  };
  idle.wakeups = beside_reading("lariat_loop_wakeups_total");
  idle.iterations = beside_reading("lariat_loop_iterations_total");
  idle.wakeups_idle = change("lariat_loop_wakeups_idle_total");
  idle.empty_write_wakeups = change("lariat_endpoint_write_wakeups_empty_total");
  idle.spins = change("lariat_loop_spins_total");
  return idle;
}

std::chrono::milliseconds two_minutes() {
  return lasting(std::chrono::seconds(120), std::chrono::seconds(10));
}

/// Three endpoints, connected, and nothing published.
class IdleProgram : public testing::Test {
 protected:
  std::vector<std::string> arguments(const std::string& heartbeat) const {
    return {a_.url(), b_.url(), c_.url(), "--wait", "--idle", "1h", "--heartbeat", heartbeat};
  }

  TestReceiver a_;
  TestReceiver b_;
  TestReceiver c_;
};

TEST_F(IdleProgram, NeverWakes) {
  BenchRun bench(arguments("0s"));
  bench.wait_connected(3);
  const auto idle = watch_idle(bench, two_minutes());
  EXPECT_TRUE(idle.nothing_happened());
  EXPECT_EQ(idle.wakeups, 0);
  EXPECT_EQ(idle.iterations, 0);
  EXPECT_EQ(idle.wakeups_idle, 0);
  EXPECT_EQ(idle.empty_write_wakeups, 0);
  EXPECT_EQ(idle.spins, 0);
  EXPECT_TRUE(kSanitized || idle.switches == 0) << idle.switches << " by the kernel's count";
}

TEST_F(IdleProgram, WakesForTheHeartbeatsOfAllEndpointsAtOnce) {
  BenchRun bench(arguments("60s"));
  bench.wait_connected(3);
  const auto beats = a_.record().heartbeats.load();
  const auto duration = two_minutes();
  const auto idle = watch_idle(bench, duration);
  EXPECT_LE(idle.wakeups, 2);
  EXPECT_EQ(idle.wakeups_idle, 0);
  EXPECT_EQ(idle.empty_write_wakeups, 0);
  EXPECT_EQ(a_.record().heartbeats_wrong + b_.record().heartbeats_wrong, 0U);
  if (duration >= std::chrono::seconds(120)) {
    EXPECT_GE(a_.record().heartbeats, beats + 1);
  }
}

TEST_F(IdleProgram, AWatcherLeftOnWouldBeFound) {
#ifdef LARIAT_WATCHER_LEFT_ON_BINARY
  BenchRun bench(arguments("0s"), LARIAT_WATCHER_LEFT_ON_BINARY);
  bench.wait_connected(3);
  const auto idle = watch_idle(bench, std::chrono::seconds(kSanitized ? 6 : 4));
  EXPECT_FALSE(idle.nothing_happened()) << "or NeverWakes proves nothing";
  EXPECT_GT(idle.iterations, 10'000);
  EXPECT_GT(idle.empty_write_wakeups, 0);
  EXPECT_GT(idle.spins, 0);
  EXPECT_NE(bench.log().find("turned"), std::string::npos) << "and it says so";
#else
  FAIL() << "built without the program that leaves its watcher on";
#endif
}

}  // namespace
}  // namespace lariat::test
