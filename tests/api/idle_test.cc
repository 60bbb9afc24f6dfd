#include <gtest/gtest.h>
#include <lariat/lariat.h>
#include <sys/types.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>

#include "tests/api/publisher.h"
#include "tests/integration/bench_run.h"
#include "tests/support/process.h"
#include "tests/support/test_receiver.h"

namespace lariat::test {
namespace {

TEST(LibraryIdle, NeverWakesWithThreeEndpointsAndNoHeartbeats) {
  const TestReceiver a;
  const TestReceiver b;
  const TestReceiver c;
  const std::array urls{a.url(), b.url(), c.url()};
  Publisher publisher;
  for (const auto& url : urls) publisher.connect(url);
  ASSERT_TRUE(publisher.wait_connected(urls));
  const auto before = publisher.stats();

  std::atomic<pid_t> thread_id{0};
  int result = -1;
  std::thread thread([&] {
    thread_id = ::gettid();
    result = lariat_poll(publisher.get(), -1);
  });
  ASSERT_TRUE(wait_until([&] { return thread_id != 0; }));
  // What a thread does before it falls asleep is done.
  constexpr std::chrono::milliseconds kSettled{300};
  const auto rest = [](std::chrono::milliseconds duration) {
    EXPECT_FALSE(wait_until([] { return false; }, duration, duration));
  };
  rest(kSettled);
  const auto switches = status_number(thread_id, "voluntary_ctxt_switches");
  rest(lasting(std::chrono::seconds(120), std::chrono::seconds(10)));
  EXPECT_EQ(status_number(thread_id, "voluntary_ctxt_switches") - switches, 0U);

  EXPECT_EQ(lariat_wake(publisher.get()), LARIAT_OK);
  thread.join();
  EXPECT_EQ(result, 0);
  const auto after = publisher.stats();
  EXPECT_EQ(after.wakeups - before.wakeups, 1U) << "the one that ended it";
  EXPECT_EQ(after.wakeups_idle - before.wakeups_idle, 0U);
  for (const auto& url : urls) {
    const auto endpoint = publisher.of(url);
    EXPECT_EQ(endpoint.state, LARIAT_CONNECTED);
    EXPECT_EQ(endpoint.connects, 1U);
    EXPECT_EQ(endpoint.write_watcher_active, 0U);
    EXPECT_EQ(endpoint.write_wakeups_empty, 0U);
  }
}

}  // namespace
}  // namespace lariat::test
