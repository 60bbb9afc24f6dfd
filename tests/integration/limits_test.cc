#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "tests/integration/bench_run.h"
#include "tests/support/test_receiver.h"

namespace lariat::test {
namespace {

std::vector<std::uint64_t> numbers_in_order(const TestReceiver& receiver) {
  std::vector<std::uint64_t> numbers;
  for (const auto& run : receiver.runs()) {
    for (auto number = run.first; number <= run.last; ++number) numbers.push_back(number);
  }
  return numbers;
}

TEST(Filter, DeliversExactlyTheQuarterThatItNames) {
  constexpr std::uint64_t kFrames = 100'000;
  TestReceiver receiver;
  BenchRun bench({receiver.url(), "--names", "4", "--size", "41", "--match", "bench series=1",
                  "--rate", "100000", "--frames", std::to_string(kFrames)});
  const auto ended = bench.end();
  EXPECT_EQ(ended.status, 0) << bench.log();
  expect_balance(ended.metrics, 1);
  EXPECT_EQ(ended.metrics.count("lariat_log_frames_total"), kFrames);
  EXPECT_EQ(ledger_of(ended.metrics, 0).accepted, kFrames / 4);
  EXPECT_EQ(ledger_of(ended.metrics, 0).delivered, kFrames / 4);
  EXPECT_TRUE(wait_until([&] { return receiver.record().frames == kFrames / 4; }));
  EXPECT_EQ(receiver.record().bad, 0U);
  const auto numbers = numbers_in_order(receiver);
  ASSERT_EQ(numbers.size(), kFrames / 4);
  for (std::uint64_t i = 0; i < numbers.size(); ++i) ASSERT_EQ(numbers[i], 4 * i + 1);
}

TEST(Filter, StaysExactWhileTheReceiverIsKilledAndTheLogEvicts) {
  TestReceiver receiver({.receive_buffer = 65536});
  BenchRun bench({receiver.url(), "--names", "4", "--match", "bench *,series=3", "--rate", "50000",
                  "--seconds", "600s", "--memory", "1MiB", "--segment", "64KiB", "--back-off-min",
                  "20ms", "--back-off-max", "50ms"});
  bench.wait_connected(1);
  for (int round = 0; round < 3; ++round) {
    receiver.pause_reading();
    const auto before = endpoint_count(bench.metrics(), "frames_dropped", 0, "evicted");
    const auto reading = bench.metrics_when([&](const MetricsText& now) {
      expect_balance(now, 1);
      return endpoint_count(now, "frames_dropped", 0, "evicted") > before;
    });
    EXPECT_GT(endpoint_count(reading, "frames_dropped", 0, "evicted"), before);
    const auto connections = receiver.record().connections.load();
    receiver.kill();
    receiver.start();
    ASSERT_TRUE(wait_until([&] { return receiver.record().connections > connections; }));
  }
  const auto ended = bench.stop();
  expect_balance(ended.metrics, 1);
  EXPECT_TRUE(wait_until([&] { return receiver.record().open == 0; }));
  EXPECT_EQ(receiver.record().bad, 0U);
  for (const auto number : numbers_in_order(receiver)) ASSERT_EQ(number % 4, 3U);
  const auto published = ended.metrics.count("lariat_log_frames_total");
  EXPECT_EQ(ledger_of(ended.metrics, 0).accepted, published / 4);
}

/// Nobody answers where the frames are to go, so that they wait.
class Limit : public testing::Test {
 protected:
  // Until frames were dropped for `reason`; then the receiver comes, and gets exactly the others.
  void drops(const std::string& reason, const std::vector<std::string>& options) {
    std::vector<std::string> arguments = {
        receiver_.url(), "--rate",         "20000", "--seconds",      "600s", "--segment",
        "64KiB",         "--back-off-min", "50ms",  "--back-off-max", "100ms"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    BenchRun bench(arguments);
    const auto reading = bench.metrics_when([&](const MetricsText& now) {
      expect_balance(now, 1);
      return endpoint_count(now, "frames_dropped", 0, reason) > 10'000;
    });
    last_ = reading;
    ASSERT_GT(endpoint_count(reading, "frames_dropped", 0, reason), 10'000U);
    receiver_.start();
    ASSERT_TRUE(wait_until([&] { return receiver_.record().frames > 40'000; })) << bench.log();
    const auto ended = bench.stop();
    expect_balance(ended.metrics, 1);
    const auto ledger = ledger_of(ended.metrics, 0);
    EXPECT_EQ(ledger.queued, 0U);
    EXPECT_EQ(ledger.dropped, endpoint_count(ended.metrics, "frames_dropped", 0, reason))
        << "for no other reason";
    EXPECT_TRUE(wait_until([&] { return receiver_.record().open == 0; }));
    EXPECT_EQ(receiver_.numbers().size(), ledger.delivered);
    EXPECT_EQ(receiver_.numbers().missing_count(ledger.accepted), ledger.dropped);
    EXPECT_EQ(receiver_.runs().size(), 1U) << "the oldest were dropped, and no others";
  }

  TestReceiver receiver_{{.started = false}};
  MetricsText last_;
};

TEST_F(Limit, OfBytesDropsTheOldestAsFull) {
  drops("full", {"--max-bytes", "256KiB"});
  EXPECT_LE(last_.value("lariat_endpoint_bytes_queued", {{"endpoint", "e0"}}), 256 * 1024);
}

TEST_F(Limit, OfAgeDropsTheOldestAsExpired) {
  drops("expired", {"--max-age", "1s"});
  EXPECT_LE(last_.value("lariat_endpoint_oldest_unsent_age_seconds", {{"endpoint", "e0"}}), 3);
}

TEST_F(Limit, OfTheLogDropsTheOldestAsEvicted) { drops("evicted", {"--memory", "1MiB"}); }

}  // namespace
}  // namespace lariat::test
