#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/integration/bench_run.h"
#include "tests/integration/delay.h"
#include "tests/support/process.h"
#include "tests/support/test_receiver.h"

namespace lariat::test {
namespace {

using std::chrono::milliseconds;

/// Three receivers at an even pace; the last of them does not read for a while.
class OneStopped : public testing::Test {
 protected:
  static constexpr double kRate = 50'000;

  // The kernel gives a connection up after four times as long.
  static std::string stall_timeout() {
    return std::to_string(std::chrono::duration_cast<milliseconds>(stop_lasts() / 3).count()) +
           "ms";
  }
  static milliseconds stop_lasts() {
    return lasting(std::chrono::seconds(20), std::chrono::seconds(6));
  }

  // Reads the metrics each 200 ms; all ledgers balance at each reading.
  void watch(milliseconds duration) {
    const Deadline end(duration);
    while (!end.passed()) {
      const Deadline next(milliseconds(200));
      last_ = bench_.metrics();
      expect_balance(last_, 3);
      ++readings_;
      bench_.process().wait(milliseconds(std::min(next.left(), end.left())));
    }
  }

  TestReceiver a_;
  TestReceiver b_;
  // A small buffer, else the kernel takes it all for longer than the stop lasts.
  TestReceiver stopped_{{.receive_buffer = 262'144}};
  BenchRun bench_{{a_.url(), b_.url(), stopped_.url(), "--rate", "50000", "--seconds", "600s",
                   "--memory", "4MiB", "--stall-timeout", stall_timeout()}};
  MetricsText last_;
  int readings_ = 0;
  std::int64_t stopped_at_ = 0;
  std::int64_t resumed_at_ = 0;
};

TEST_F(OneStopped, TheOthersLoseNothingAndGetItNoLaterAndAllLedgersBalance) {
  bench_.wait_connected(3);
  watch(milliseconds(2'000));
  stopped_at_ = steady_now();
  stopped_.freeze();
  watch(stop_lasts());
  resumed_at_ = steady_now();
  const MetricsText::Labels stopped = {{"endpoint", "e2"}};
  EXPECT_EQ(last_.count("lariat_endpoint_stalled", stopped), 1U) << "it is slow and is kept";
  EXPECT_EQ(last_.count("lariat_endpoint_write_watcher_active", stopped), 1U);
  stopped_.thaw();
  watch(milliseconds(1'500));
  EXPECT_EQ(last_.count("lariat_endpoint_stalled", stopped), 0U);
  EXPECT_GT(readings_, 20);

  const auto ended = bench_.stop();
  const auto published = ended.metrics.count("lariat_log_frames_total");
  expect_balance(ended.metrics, 3);
  std::size_t index = 0;
  for (auto* receiver : {&a_, &b_, &stopped_}) {
    SCOPED_TRACE(endpoint_name(index));
    const auto ledger = ledger_of(ended.metrics, index);
    EXPECT_EQ(ledger.accepted, published);
    EXPECT_EQ(ledger.queued, 0U);
    EXPECT_TRUE(wait_until([&] { return receiver->record().open == 0; }));
    const auto numbers = receiver->numbers();
    EXPECT_EQ(numbers.size(), ledger.delivered);
    EXPECT_EQ(numbers.missing_count(published), ledger.dropped);
    EXPECT_EQ(receiver->record().frames, numbers.size()) << "each came once";
    EXPECT_EQ(receiver->record().bad, 0U);
    EXPECT_EQ(receiver->record().cut, 0U);
    EXPECT_EQ(receiver->record().connections, 1U);
    EXPECT_EQ(endpoint_count(ended.metrics, "write_wakeups_empty", index), 0U);
    ++index;
  }
  EXPECT_EQ(ledger_of(ended.metrics, 0).dropped, 0U);
  EXPECT_EQ(ledger_of(ended.metrics, 1).dropped, 0U);
  EXPECT_GT(endpoint_count(ended.metrics, "frames_dropped", 2, "evicted"), 0U);
  EXPECT_EQ(endpoint_count(ended.metrics, "frames_dropped", 2, "evicted"),
            ledger_of(ended.metrics, 2).dropped);
  for (const auto* receiver : {&a_, &b_}) {
    expect_not_later(receiver->arrivals(), kRate, stopped_at_, resumed_at_);
  }
}

/// How often a run called epoll_ctl, by strace, which becomes no parent of it.
class Traced {
 public:
  explicit Traced(const std::vector<std::string>& arguments)
      : bench_({"strace", "-D", "-f", "-e", "trace=epoll_ctl", "-o", file_.file("calls")},
               arguments, LARIAT_BINARY) {}

  [[nodiscard]] BenchRun& bench() noexcept { return bench_; }
  /// Once it has ended: strace may still be writing.
  [[nodiscard]] std::size_t calls() const {
    std::string text;
    EXPECT_TRUE(wait_until([&] {
      text = read_file(file_.file("calls"));
      return text.find("+++ exited") != std::string::npos;
    }));
    std::size_t count = 0;
    for (auto at = text.find("epoll_ctl("); at != std::string::npos;
         at = text.find("epoll_ctl(", at + 1)) {
      ++count;
    }
    return count;
  }

 private:
  TemporaryDirectory file_;
  BenchRun bench_;
};

bool can_trace() {
  try {
    Process strace({"strace", "-D", "-e", "trace=none", "-o", "/dev/null", "true"});
    return strace.wait() == 0;
  } catch (const std::runtime_error&) {
    return false;
  }
}

TEST(Stall, CostsTwoCallsOfEpollCtl) {
  if (kSanitized) GTEST_SKIP() << "a sanitized program does not run under strace";
  if (!can_trace()) GTEST_SKIP() << "there is no strace, or it may trace nothing";
  TestReceiver free_reader;
  Traced free({free_reader.url(), "--wait", "--rate", "1000", "--frames", "100"});
  const auto free_end = free.bench().end();
  EXPECT_EQ(free_end.status, 0) << free.bench().log();
  EXPECT_EQ(endpoint_count(free_end.metrics, "write_watcher_starts", 0), 0U);

  TestReceiver reader({.receive_buffer = 65536});
  reader.pause_reading();
  Traced stalled({reader.url(), "--wait", "--rate", "1000000", "--frames", "100000", "--flush",
                  "30s", "--memory", "16MiB"});
  const auto reading = stalled.bench().metrics_when([](const MetricsText& now) {
    return now.value("lariat_log_frames_total") == 100'000 &&
           now.value("lariat_endpoint_write_watcher_active", {{"endpoint", "e0"}}) == 1;
  });
  EXPECT_EQ(endpoint_count(reading, "write_watcher_starts", 0), 1U);
  reader.resume_reading();
  const auto stalled_end = stalled.bench().end();
  EXPECT_EQ(stalled_end.status, 0) << stalled.bench().log();
  EXPECT_EQ(reader.record().frames, 100'000U);

  EXPECT_EQ(endpoint_count(stalled_end.metrics, "write_watcher_starts", 0), 1U);
  EXPECT_EQ(endpoint_count(stalled_end.metrics, "write_watcher_stops", 0), 1U);
  EXPECT_GT(endpoint_count(stalled_end.metrics, "write_wakeups", 0), 1U);
  EXPECT_EQ(stalled.calls(), free.calls() + 2);
}

std::vector<std::string> eight_endpoints(const std::string& stuck, const std::string& load,
                                         const std::string& how_much) {
  return {"--endpoints", "8", "--stuck", stuck, "--wait", load, how_much, "--rate", "50000"};
}

TEST(Stall, MemoryIsBoundedByTheLogWhateverTheNumberOfStuckEndpoints) {
  if (kSanitized) GTEST_SKIP() << "sanitizers need memory of their own";
  constexpr std::uint64_t kKiB = 1024;
  constexpr std::uint64_t kBudget = 16 * kKiB;
  const auto resident = [](BenchRun& bench) {
    return status_number(bench.process().pid(), "VmRSS");
  };
  // A stuck peer's kernel takes some megabytes; then the log fills, and then it evicts.
  const auto evicts = [](const MetricsText& now) {
    return endpoint_count(now, "frames_dropped", 7, "evicted") > 300'000;
  };

  BenchRun idle(eight_endpoints("0", "--idle", "600s"));
  BenchRun one(eight_endpoints("1", "--seconds", "600s"));
  BenchRun seven(eight_endpoints("7", "--seconds", "600s"));
  idle.wait_connected(8);
  ASSERT_TRUE(evicts(one.metrics_when(evicts))) << one.log();
  const auto reading = seven.metrics_when(evicts);
  ASSERT_TRUE(evicts(reading)) << seven.log();
  expect_balance(reading, 8);
  const auto with_none = resident(idle);
  const auto with_one = resident(one);
  const auto with_seven = resident(seven);
  std::cout << "resident KiB: idle " << with_none << ", one of eight stuck " << with_one
            << ", seven of eight " << with_seven << '\n';
  EXPECT_LE(with_seven, with_none + kBudget + 4 * kKiB);
  constexpr std::uint64_t kPagesByChance = 256;
  EXPECT_LE(with_seven, with_one + kPagesByChance);
}

}  // namespace
}  // namespace lariat::test
