// The three kinds of loops that a publisher can have.

#include <ev.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>

#include <chrono>
#include <map>
#include <thread>
#include <vector>

#include "tests/unit/api/api_fixture.h"

namespace lariat::api {
namespace {

using DrivingTest = ApiTest;

TEST_F(DrivingTest, APollThatWaitsForNothingTakesItsTimeAndNoMore) {
  open();
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(lariat_poll(publisher_, 0), 0);
  EXPECT_EQ(stats().wakeups, 0U);
  EXPECT_EQ(lariat_poll(publisher_, 30), 0);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(30));
  EXPECT_EQ(stats().wakeups, 1U);
  EXPECT_EQ(stats().wakeups_idle, 0U);
}

TEST_F(DrivingTest, AWakeIsNotLostWhenItComesFirst) {
  open();
  EXPECT_EQ(lariat_wake(publisher_), LARIAT_OK);
  EXPECT_EQ(lariat_poll(publisher_, -1), 0);
  // Nor when another call turns the loop meanwhile.
  EXPECT_EQ(lariat_wake(publisher_), LARIAT_OK);
  EXPECT_EQ(lariat_flush(publisher_, 1000), LARIAT_OK);
  EXPECT_EQ(lariat_wait(publisher_, 0, 0), LARIAT_OK);
  EXPECT_EQ(lariat_poll(publisher_, -1), 0);
}

TEST_F(DrivingTest, AnotherThreadWakesIt) {
  open();
  std::thread other([this] { lariat_wake(publisher_); });
  EXPECT_EQ(lariat_poll(publisher_, -1), 0);
  other.join();
}

TEST_F(DrivingTest, ASignalHandlerWakesIt) {
  open();
  static lariat_publisher* to_wake = nullptr;
  to_wake = publisher_;
  struct sigaction action {};
  action.sa_handler = [](int) { lariat_wake(to_wake); };
  struct sigaction before {};
  ASSERT_EQ(::sigaction(SIGUSR1, &action, &before), 0);
  std::thread other([main = ::pthread_self()] { ::pthread_kill(main, SIGUSR1); });
  EXPECT_EQ(lariat_poll(publisher_, -1), 0);
  other.join();
  ::sigaction(SIGUSR1, &before, nullptr);
}

TEST_F(DrivingTest, AnIdleProgramWithThreeEndpointsIsNotWoken) {
  open();
  test::TestReceiver a;
  test::TestReceiver b;
  test::TestReceiver c;
  ASSERT_EQ(connect(a.url(), "a"), LARIAT_OK);
  ASSERT_EQ(connect(b.url(), "b"), LARIAT_OK);
  ASSERT_EQ(connect(c.url(), "c"), LARIAT_OK);
  publish_numbers(0, 10);
  ASSERT_EQ(lariat_flush(publisher_, 10'000), LARIAT_OK);
  const auto before = stats();
  EXPECT_EQ(lariat_poll(publisher_, 500), 0);
  EXPECT_EQ(stats().wakeups - before.wakeups, 1U) << "that of the end of the wait";
  EXPECT_EQ(stats().wakeups_idle, before.wakeups_idle);
}

/// A program with a loop of its own, over poll(2).
class ForeignLoopTest : public ApiTest {
 protected:
  ~ForeignLoopTest() override { close(); }
  void SetUp() override {
    auto foreign = options();
    foreign.on_watch = [](void* data, int descriptor, int events) {
      auto& self = *static_cast<ForeignLoopTest*>(data);
      if (events == 0) {
        EXPECT_EQ(self.watched_.erase(descriptor), 1U) << "it was watched";
      } else {
        self.watched_[descriptor] = events;
      }
    };
    foreign.on_timeout = [](void* data, std::int64_t milliseconds) {
      static_cast<ForeignLoopTest*>(data)->time_out_ = milliseconds;
    };
    ASSERT_EQ(open(foreign), LARIAT_OK);
  }
  void turn() {
    std::vector<pollfd> polled;
    for (const auto& [descriptor, events] : watched_) {
      polled.push_back({.fd = descriptor,
                        .events = static_cast<short>(((events & LARIAT_READ) ? POLLIN : 0) |
                                                     ((events & LARIAT_WRITE) ? POLLOUT : 0))});
    }
    const auto wait = time_out_ < 0 ? 100 : std::min<std::int64_t>(time_out_, 100);
    if (::poll(polled.data(), polled.size(), static_cast<int>(wait)) == 0) {
      if (time_out_ < 0 || time_out_ > wait) return;
      ASSERT_EQ(lariat_action(publisher_, -1, 0), LARIAT_OK);
      return;
    }
    for (const auto& at : polled) {
      const int events = ((at.revents & (POLLIN | POLLHUP | POLLERR)) ? LARIAT_READ : 0) |
                         ((at.revents & (POLLOUT | POLLERR)) ? LARIAT_WRITE : 0);
      if (events == 0) continue;
      ASSERT_EQ(lariat_action(publisher_, at.fd, events), LARIAT_OK);
    }
  }
  template <typename Claim>
  [[nodiscard]] bool turns_until(Claim claim) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!claim() && std::chrono::steady_clock::now() < end) turn();
    return claim();
  }

  std::map<int, int> watched_;
  std::int64_t time_out_ = -1;
};

TEST_F(ForeignLoopTest, DeliversAndSleeps) {
  test::TestReceiver receiver(greeting());
  ASSERT_EQ(connect(receiver.url(), "a"), LARIAT_OK);
  ASSERT_TRUE(turns_until([this] { return !messages_.empty(); }));
  const auto calls = stats_of("a").write_calls;
  publish_numbers(0, 100);
  EXPECT_EQ(time_out_, 0) << "a turn is wanted, once";
  ASSERT_TRUE(turns_until([this] { return stats_of("a").delivered == 100; }));
  EXPECT_EQ(stats_of("a").write_calls - calls, 1U);
  EXPECT_TRUE(all_arrived(receiver, 100));
  // Now nothing but the end of the connection is waited for, and the stall of what was sent.
  ASSERT_EQ(watched_.size(), 1U);
  EXPECT_EQ(watched_.begin()->second, LARIAT_READ);
  const auto turns = stats().turns;
  for (int i = 0; i < 3; ++i) turn();
  EXPECT_EQ(stats().turns, turns) << "it slept";
  close();
  EXPECT_TRUE(watched_.empty());
  EXPECT_EQ(time_out_, -1);
}

TEST_F(ForeignLoopTest, WatchesForWritingOnlyWhileThePeerIsFull) {
  test::TestReceiver receiver;
  ASSERT_EQ(connect(receiver.url(), "a"), LARIAT_OK);
  ASSERT_TRUE(turns_until([this] { return stats_of("a").connects == 1; }));
  const int descriptor = watched_.begin()->first;
  receiver.pause_reading();
  std::uint64_t sent = 0;
  while ((watched_[descriptor] & LARIAT_WRITE) == 0) {
    publish_numbers(sent, sent + 1000);
    sent += 1000;
    turn();
    ASSERT_LT(sent, 1'000'000U);
  }
  receiver.resume_reading();
  ASSERT_TRUE(turns_until([&] { return stats_of("a").delivered == sent; }));
  EXPECT_EQ(watched_[descriptor], LARIAT_READ);
  EXPECT_EQ(stats_of("a").write_wakeups_empty, 0U);
}

TEST_F(ForeignLoopTest, ReconnectsByItsTimeOut) {
  test::TestReceiver receiver({.started = false});
  ASSERT_EQ(connect(receiver.url(), "a"), LARIAT_OK);
  ASSERT_TRUE(turns_until([this] { return stats_of("a").connect_failures >= 2; }));
  receiver.start();
  publish_numbers(0, 5);
  ASSERT_TRUE(turns_until([this] { return stats_of("a").delivered == 5; }));
}

TEST_F(ForeignLoopTest, FlushTellsWhenAllIsDelivered) {
  test::TestReceiver receiver;
  ASSERT_EQ(connect(receiver.url(), "a"), LARIAT_OK);
  publish_numbers(0, 5);
  EXPECT_EQ(lariat_flush(publisher_, 1000), LARIAT_NOT_OURS);
  EXPECT_EQ(lariat_poll(publisher_, 0), LARIAT_NOT_OURS);
  EXPECT_EQ(lariat_wait(publisher_, 0, 0), LARIAT_NOT_OURS);
  static int told = 1;
  told = 1;
  ASSERT_EQ(lariat_flush_start(publisher_, 10'000, [](void*, int result) { told = result; }),
            LARIAT_OK);
  EXPECT_EQ(lariat_flush_start(publisher_, 1, nullptr), LARIAT_BAD_ARGUMENT);
  ASSERT_TRUE(turns_until([] { return told != 1; }));
  EXPECT_EQ(told, LARIAT_OK);
  EXPECT_EQ(stats_of("a").delivered, 5U);
}

/// A program with a libev loop of its own.
class LibevLoopTest : public ApiTest {
 protected:
  ~LibevLoopTest() override {
    close();
    ::ev_loop_destroy(loop_);
  }
  void SetUp() override {
    auto given = options();
    given.loop = loop_;
    ASSERT_EQ(open(given), LARIAT_OK);
  }

  struct ev_loop* loop_ = ::ev_loop_new(EVFLAG_AUTO);
};

TEST_F(LibevLoopTest, DeliversWithoutACallFromTheProgram) {
  test::TestReceiver receiver(greeting());
  ASSERT_EQ(connect(receiver.url(), "a"), LARIAT_OK);
  publish_numbers(0, 50);
  EXPECT_EQ(lariat_poll(publisher_, 0), LARIAT_NOT_OURS);
  EXPECT_EQ(lariat_action(publisher_, -1, 0), LARIAT_NOT_OURS);
  EXPECT_EQ(flush_by(loop_), LARIAT_OK);
  while (messages_.empty()) ::ev_run(loop_, EVRUN_ONCE);
  EXPECT_TRUE(all_arrived(receiver, 50));
}

}  // namespace
}  // namespace lariat::api
