#include <gtest/gtest.h>
#include <lariat/lariat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <iostream>
#include <vector>

#include "tests/api/publisher.h"
#include "tests/integration/bench_run.h"
#include "tests/support/frames.h"
#include "tests/support/process.h"
#include "tests/support/test_receiver.h"

namespace lariat::test {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20U;
constexpr std::uint64_t kBudget = 8 * kMiB;

std::uint64_t anonymous_bytes() { return status_number(::getpid(), "RssAnon") * 1024; }

/// Publishes numbered frames at an even pace, and says how many it were.
std::uint64_t publish_for(Publisher& publisher, std::chrono::milliseconds duration) {
  constexpr std::uint64_t kRate = 50'000;
  const auto begin = std::chrono::steady_clock::now();
  std::uint64_t number = 0;
  for (;;) {
    const auto passed = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - begin);
    const auto now = std::min(passed, duration);
    for (const auto due = static_cast<std::uint64_t>(now.count()) * kRate / 1'000; number < due;
         ++number) {
      const auto frame = numbered_frame(number, 0, 20);
      EXPECT_EQ(lariat_publish(publisher.get(), frame.data(), frame.size()), LARIAT_OK);
    }
    EXPECT_GE(lariat_poll(publisher.get(), 5), 0);
    if (now == duration) return number;
  }
}

TEST(LibraryStuckPeer, CostsTheOthersNothingAndMemoryItsBudget) {
  const TestReceiver a;
  const TestReceiver b;
  TestReceiver stuck({.receive_buffer = 65'536});
  const std::array urls{a.url(), b.url(), stuck.url()};
  Publisher publisher(kBudget);
  for (const auto& url : urls) publisher.connect(url);
  ASSERT_TRUE(publisher.wait_connected(urls));
  stuck.pause_reading();
  const auto before = anonymous_bytes();
  const auto published =
      publish_for(publisher, lasting(std::chrono::seconds(8), std::chrono::seconds(8)));
  const auto more = std::max(anonymous_bytes(), before) - before;
  std::cout << published << " published, " << more / 1024 << " KiB more\n";
  EXPECT_TRUE(kSanitized || more <= kBudget + 4 * kMiB) << more;

  const auto behind = publisher.of(stuck.url());
  EXPECT_EQ(behind.state, LARIAT_BEHIND);
  EXPECT_EQ(behind.write_watcher_active, 1U);
  EXPECT_GT(behind.evicted, 0U) << "or the bar of memory was never near";
  stuck.resume_reading();
  EXPECT_EQ(lariat_flush(publisher.get(), static_cast<int>(kPatience.count())), LARIAT_OK);

  const std::array<const TestReceiver*, 3> receivers{&a, &b, &stuck};
  for (const auto* receiver : receivers) {
    SCOPED_TRACE(receiver->url());
    const auto stats = publisher.of(receiver->url());
    EXPECT_EQ(stats.accepted, published);
    EXPECT_EQ(stats.queued, 0U);
    EXPECT_EQ(stats.delivered + stats.evicted, published);
    EXPECT_EQ(stats.write_wakeups_empty, 0U);
    EXPECT_TRUE(wait_until([&] { return receiver->record().frames == stats.delivered; }));
    const auto numbers = receiver->numbers();
    EXPECT_EQ(numbers.size(), stats.delivered);
    EXPECT_EQ(numbers.missing_count(published), stats.evicted);
    EXPECT_EQ(receiver->record().bad, 0U);
    EXPECT_EQ(receiver->record().connections, 1U);
  }
  EXPECT_EQ(a.numbers().missing_count(published), 0U);
  EXPECT_EQ(b.numbers().missing_count(published), 0U);
}

}  // namespace
}  // namespace lariat::test
