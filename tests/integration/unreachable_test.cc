#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "tests/integration/bench_run.h"
#include "tests/support/process.h"
#include "tests/support/test_receiver.h"

namespace lariat::test {
namespace {

const std::vector<std::string> kImpatient = {"--connect-timeout", "200ms", "--back-off-min", "50ms",
                                             "--back-off-max",    "100ms"};

std::vector<std::string> arguments(std::vector<std::string> words,
                                   const std::vector<std::string>& more) {
  words.insert(words.end(), more.begin(), more.end());
  words.insert(words.end(), kImpatient.begin(), kImpatient.end());
  return words;
}

// All that was published came, in order and once.
void expect_all(const TestReceiver& receiver, const MetricsText& metrics, std::size_t endpoint) {
  const auto published = metrics.count("lariat_log_frames_total");
  EXPECT_TRUE(wait_until([&] { return receiver.record().frames >= published; }));
  EXPECT_EQ(receiver.record().frames, published);
  EXPECT_EQ(receiver.numbers().missing_count(published), 0U);
  EXPECT_EQ(receiver.record().bad, 0U);
  EXPECT_EQ(ledger_of(metrics, endpoint).delivered, published);
}

TEST(Unreachable, FromStartToEndTheHealthyOneGetsAllAndEachFailureIsCounted) {
  TestReceiver healthy;
  RefusingPort refusing;
  SwallowingPort swallowing;
  BenchRun bench(
      arguments({healthy.url(), "tsdp://no-such-host.invalid:2600", refusing.url(),
                 swallowing.url(), "--rate", "10000", "--seconds", "600s", "--flush", "500ms"},
                {}));
  const auto all_failed = [](const MetricsText& now) {
    return endpoint_count(now, "connect_failures", 1, "resolve") >= 1 &&
           endpoint_count(now, "connect_failures", 2, "refused") >= 2 &&
           endpoint_count(now, "connect_failures", 3, "timeout") >= 2;
  };
  const auto reading = bench.metrics_when(all_failed);
  EXPECT_TRUE(all_failed(reading)) << bench.log();

  const auto asked_at = std::chrono::steady_clock::now();
  const auto ended = bench.stop();
  EXPECT_LT(std::chrono::steady_clock::now() - asked_at, std::chrono::seconds(kSanitized ? 10 : 3))
      << "nobody is waited for beyond the flush";
  EXPECT_EQ(ended.status, 1) << "three got nothing";
  expect_balance(ended.metrics, 4);
  expect_all(healthy, ended.metrics, 0);
  const std::vector<std::string> reasons = {"", "resolve", "refused", "timeout"};
  for (std::size_t i = 1; i < 4; ++i) {
    SCOPED_TRACE(reasons[i]);
    const auto ledger = ledger_of(ended.metrics, i);
    EXPECT_EQ(ledger.accepted, ledger_of(ended.metrics, 0).accepted);
    EXPECT_EQ(ledger.delivered, 0U);
    EXPECT_EQ(ended.metrics.sum("lariat_endpoint_connect_failures_total",
                                {{"endpoint", endpoint_name(i)}}),
              static_cast<double>(endpoint_count(ended.metrics, "connect_failures", i, reasons[i])))
        << "counted as nothing else";
    EXPECT_EQ(endpoint_count(ended.metrics, "connects", i), 0U);
  }
}

TEST(Unreachable, InBetweenAPortRefusesThenSwallowsThenTakesAllThatItMissed) {
  TestReceiver healthy;
  TestReceiver other;
  BenchRun bench(arguments(
      {healthy.url(), other.url(), "--rate", "10000", "--seconds", "600s", "--memory", "64MiB"},
      {}));
  bench.wait_connected(2);
  ASSERT_TRUE(wait_until([&] { return other.record().frames > 0; }));
  bench.process().stop();  // It has read all, so nothing is lost with it.
  EXPECT_EQ(other.unread(std::chrono::milliseconds(100)), 0U);
  other.kill();
  bench.process().go_on();
  const auto failed = [](const std::string& reason, std::uint64_t times) {
    return [reason, times](const MetricsText& now) {
      return endpoint_count(now, "connect_failures", 1, reason) >= times;
    };
  };
  EXPECT_TRUE(failed("refused", 2)(bench.metrics_when(failed("refused", 2)))) << bench.log();
  {
    const SwallowingPort swallowing(other.port());
    EXPECT_TRUE(failed("timeout", 2)(bench.metrics_when(failed("timeout", 2)))) << bench.log();
  }
  other.start();
  const auto back = bench.metrics_when(
      [](const MetricsText& now) { return now.sum("lariat_endpoint_connected") == 2; });
  EXPECT_EQ(back.sum("lariat_endpoint_connected"), 2) << bench.log();

  const auto ended = bench.stop();
  EXPECT_EQ(ended.status, 0) << bench.log();
  expect_balance(ended.metrics, 2);
  expect_all(healthy, ended.metrics, 0);
  EXPECT_EQ(ledger_of(ended.metrics, 1).delivered, ended.metrics.count("lariat_log_frames_total"));
}

TEST(Unreachable, AtTheEndTheFlushWaitsForNobodyWhoIsAway) {
  TestReceiver healthy;
  TestReceiver leaves;
  BenchRun bench(arguments(
      {healthy.url(), leaves.url(), "--rate", "10000", "--seconds", "600s", "--flush", "300ms"},
      {}));
  bench.wait_connected(2);
  ASSERT_TRUE(wait_until([&] { return leaves.record().frames > 0; }));
  leaves.kill();
  const auto gone = bench.metrics_when([](const MetricsText& now) {
    return endpoint_count(now, "connect_failures", 1, "refused") >= 1;
  });
  EXPECT_GE(endpoint_count(gone, "connect_failures", 1, "refused"), 1U);
  const SwallowingPort swallowing(leaves.port());
  const auto ended = bench.stop();
  EXPECT_EQ(ended.status, 1);
  expect_balance(ended.metrics, 2);
  expect_all(healthy, ended.metrics, 0);
  EXPECT_GT(ledger_of(ended.metrics, 1).queued, 0U);
}

TEST(Unreachable, ANameThatComesAndGoesIsLookedUpAtEachAttempt) {
  TemporaryDirectory directory;
  const auto hosts = directory.file("hosts");
  write_file(hosts, "127.0.0.1 localhost\n");
  const std::vector<std::string> own_hosts = {
      "unshare", "-m", "sh", "-c", "mount --bind \"$0\" /etc/hosts && exec \"$@\"", hosts};
  auto probe = own_hosts;
  probe.emplace_back("true");
  if (Process(probe).wait() != 0) GTEST_SKIP() << "no own hosts file: this needs root";

  TestReceiver receiver;
  const auto url = "tsdp://aggregator.test.invalid:" + std::to_string(receiver.port());
  BenchRun bench(own_hosts,
                 arguments({url, "--rate", "10000", "--seconds", "600s", "--memory", "64MiB"}, {}),
                 LARIAT_BINARY);
  const auto unknown = [](std::uint64_t times) {
    return [times](const MetricsText& now) {
      return endpoint_count(now, "connect_failures", 0, "resolve") >= times;
    };
  };
  EXPECT_TRUE(unknown(1)(bench.metrics_when(unknown(1)))) << bench.log();
  write_file(hosts, "127.0.0.1 localhost aggregator.test.invalid\n");
  bench.wait_connected(1);
  write_file(hosts, "127.0.0.1 localhost\n");
  const auto before = endpoint_count(bench.metrics(), "connect_failures", 0, "resolve");
  receiver.close_connections();
  EXPECT_TRUE(unknown(before + 1)(bench.metrics_when(unknown(before + 1)))) << bench.log();
  write_file(hosts, "127.0.0.1 aggregator.test.invalid\n");
  bench.wait_connected(1);

  const auto ended = bench.stop();
  EXPECT_EQ(ended.status, 0) << bench.log();
  expect_balance(ended.metrics, 1);
  const auto published = ended.metrics.count("lariat_log_frames_total");
  EXPECT_TRUE(wait_until([&] { return receiver.record().open == 0; }));
  EXPECT_EQ(receiver.numbers().missing_count(published), 0U);
}

}  // namespace
}  // namespace lariat::test
