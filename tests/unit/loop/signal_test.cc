#include "agent/loop/signal.h"

#include <gtest/gtest.h>
#include <sys/time.h>

#include <chrono>
#include <csignal>
#include <memory>

#include "tests/support/loop_driver.h"

namespace lariat::loop {
namespace {

// SIGALRM every so often, from the kernel; 0 ends it.
void ring_every(int milliseconds) {
  const timeval period{.tv_sec = 0, .tv_usec = milliseconds * 1000};
  const itimerval timer{.it_interval = period, .it_value = period};
  ASSERT_EQ(::setitimer(ITIMER_REAL, &timer, nullptr), 0);
}

TEST(Signal, CostsOneWakeUpAndNoIdleOne) {
  constexpr int kRings = 20;
  Loop loop;
  int rung = 0;
  Signal alarm(loop, SIGALRM, [&] {
    if (++rung == kRings) ring_every(0);
  });
  ring_every(10);
  ASSERT_TRUE(test::run_until(loop, [&] { return rung == kRings; }));
  const auto stats = loop.stats();
  EXPECT_EQ(stats.wakeups_idle, 0U);
  EXPECT_LE(stats.wakeups, std::uint64_t{kRings});
  EXPECT_GE(stats.wakeups, std::uint64_t{kRings / 2}) << "but for those that came while busy";
  EXPECT_EQ(stats.callbacks.at(static_cast<std::size_t>(CallbackKind::kSignal)),
            std::uint64_t{kRings});
}

TEST(Signal, IsSeenAlsoIfRaisedBeforeTheLoopRuns) {
  Loop loop;
  bool seen = false;
  const Signal user(loop, SIGUSR1, [&] { seen = true; });
  ASSERT_EQ(::raise(SIGUSR1), 0);
  EXPECT_FALSE(seen) << "only as part of a turn";
  EXPECT_TRUE(test::run_until(loop, [&] { return seen; }));
}

TEST(Signal, DoesNotKeepTheLoopAlive) {
  Loop loop;
  const Signal user(loop, SIGUSR1, [] {});
  loop.run();
}

TEST(Signal, IsBlockedWhileWatched) {
  const auto blocked = [] {
    sigset_t mask;
    ::sigemptyset(&mask);
    ::pthread_sigmask(SIG_BLOCK, nullptr, &mask);
    return ::sigismember(&mask, SIGUSR2) == 1;
  };
  Loop loop;
  EXPECT_FALSE(blocked());
  auto user = std::make_unique<Signal>(loop, SIGUSR2, [] {});
  EXPECT_TRUE(blocked());
  user.reset();
  EXPECT_FALSE(blocked());
}

TEST(Signal, OfOneNumberIsNotTakenForAnother) {
  Loop loop;
  int first = 0;
  int second = 0;
  const Signal one(loop, SIGUSR1, [&] { ++first; });
  const Signal two(loop, SIGUSR2, [&] { ++second; });
  ASSERT_EQ(::raise(SIGUSR2), 0);
  EXPECT_TRUE(test::run_until(loop, [&] { return second == 1; }));
  EXPECT_EQ(first, 0);
}

}  // namespace
}  // namespace lariat::loop
