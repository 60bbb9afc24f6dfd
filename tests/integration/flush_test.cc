#include <gtest/gtest.h>

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include "tests/integration/bench_run.h"
#include "tests/support/test_receiver.h"

namespace lariat::test {
namespace {

/// Frames that wait for a connection when nothing is published any more, in pieces of the log so
/// small, or so thinned by a filter, that one flush ends at its own bound.
struct Pending {
  const char* name;
  std::uint64_t published;
  std::uint64_t expected;
  std::vector<std::string> options;
};

std::ostream& operator<<(std::ostream& out, const Pending& pending) { return out << pending.name; }

class BoundedFlush : public testing::TestWithParam<Pending> {};

TEST_P(BoundedFlush, GoesOnByItself) {
  const auto published = GetParam().published;
  const auto expected = GetParam().expected;
  TestReceiver receiver({.started = false});
  std::vector<std::string> arguments = {receiver.url(),
                                        "--rate",
                                        "100000000",
                                        "--frames",
                                        std::to_string(published),
                                        "--flush",
                                        "60s",
                                        "--memory",
                                        "16MiB",
                                        "--back-off-min",
                                        "50ms",
                                        "--back-off-max",
                                        "50ms"};
  const auto& options = GetParam().options;
  arguments.insert(arguments.end(), options.begin(), options.end());
  BenchRun bench(arguments);
  const auto before = bench.metrics_when(
      [&](const MetricsText& now) { return now.count("lariat_log_frames_total") == published; });
  ASSERT_EQ(ledger_of(before, 0).queued, expected) << "accepted though nobody is connected";
  expect_balance(before, 1);

  receiver.start();
  EXPECT_TRUE(wait_until([&] { return receiver.record().frames == expected; }))
      << receiver.record().frames << " of " << expected << " came; " << bench.log();
  const auto ended = bench.end();
  EXPECT_EQ(ended.status, 0) << bench.log();
  expect_balance(ended.metrics, 1);
  EXPECT_EQ(ledger_of(ended.metrics, 0).delivered, expected);
  EXPECT_EQ(receiver.record().bad, 0U);
  EXPECT_GE(endpoint_count(ended.metrics, "write_calls", 0), 2U) << "more than one flush";
  EXPECT_GE(endpoint_count(ended.metrics, "write_wakeups", 0), 1U);
  EXPECT_EQ(endpoint_count(ended.metrics, "write_wakeups_empty", 0), 0U);
  EXPECT_EQ(endpoint_count(ended.metrics, "write_watcher_starts", 0),
            endpoint_count(ended.metrics, "write_watcher_stops", 0));
}

// 64 spans of 4 KiB are 256 KiB; a filter gathers 64 KiB at most, less than any kernel refuses.
INSTANTIATE_TEST_SUITE_P(
    , BoundedFlush,
    testing::Values(Pending{"BySpans", 40'000, 40'000, {"--segment", "4KiB"}},
                    Pending{"ByFewSpans", 5'000, 5'000, {"--segment", "4KiB"}},
                    Pending{"ByBytes", 100'000, 100'000, {"--segment", "1MiB"}},
                    Pending{"ByLargerSegments", 40'000, 40'000, {"--segment", "16KiB"}},
                    Pending{"ByTheRoomOfAFilter",
                            8'000,
                            2'000,
                            {"--names", "4", "--match", "bench *,series=2"}}),
    [](const auto& instance) { return std::string(instance.param.name); });

}  // namespace
}  // namespace lariat::test
