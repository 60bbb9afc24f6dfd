#include <gtest/gtest.h>
#include <signal.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/integration/bench_run.h"
#include "tests/integration/receive_run.h"
#include "tests/support/process.h"
#include "tests/support/test_receiver.h"

namespace lariat::test {
namespace {

TEST(Delivery, ThreeReceiversGetTheSameBytesInOrderBesideTheHeartbeats) {
  constexpr std::uint64_t kFrames = 60'000;
  TemporaryDirectory directory;
  std::vector<std::unique_ptr<ReceiveRun>> receivers;
  std::vector<std::string> arguments;
  for (const auto* name : {"a.raw", "b.raw", "c.raw"}) {
    receivers.push_back(std::make_unique<ReceiveRun>(
        "tsdp://127.0.0.1:0", std::vector<std::string>{"--quiet", "--raw", directory.file(name),
                                                       "--count", std::to_string(kFrames)}));
    arguments.push_back(receivers.back()->url());
  }
  for (const auto* word : {"--rate", "20000", "--heartbeat", "200ms", "--frames"}) {
    arguments.emplace_back(word);
  }
  arguments.push_back(std::to_string(kFrames));
  BenchRun bench(arguments);

  const auto ended = bench.end();
  EXPECT_EQ(ended.status, 0) << bench.log();
  expect_balance(ended.metrics, 3);
  std::vector<RawStream> streams;
  for (const auto* name : {"a.raw", "b.raw", "c.raw"}) {
    EXPECT_EQ(receivers.at(streams.size())->process().wait(), 0);
    streams.push_back(read_raw(directory.file(name)));
    const auto& stream = streams.back();
    EXPECT_EQ(stream.bad, 0U);
    EXPECT_GE(stream.heartbeats, 2U) << "in about three seconds, one each 200 ms";
    EXPECT_EQ(stream.heartbeats_wrong, 0U) << "each counts the messages before it";
    ASSERT_EQ(stream.numbers.size(), kFrames);
    for (std::uint64_t i = 0; i < kFrames; ++i) ASSERT_EQ(stream.numbers[i], i);
  }
  EXPECT_TRUE(streams[0].frames == streams[1].frames);
  EXPECT_TRUE(streams[0].frames == streams[2].frames);
}

TEST(Delivery, FlatOutNothingIsLostAndTheWatchersComeToRest) {
  constexpr std::uint64_t kFrames = kSanitized ? 200'000 : 2'000'000;
  TestReceiver a;
  TestReceiver b;
  TestReceiver c;
  BenchRun bench({a.url(), b.url(), c.url(), "--frames", std::to_string(kFrames)});

  const auto ended = bench.end();
  EXPECT_EQ(ended.status, 0) << bench.log();
  expect_balance(ended.metrics, 3);
  std::size_t index = 0;
  for (const auto* receiver : {&a, &b, &c}) {
    SCOPED_TRACE(endpoint_name(index));
    EXPECT_TRUE(wait_until([&] { return receiver->record().frames == kFrames; }));
    EXPECT_EQ(receiver->runs().size(), 1U) << "in order, without a gap";
    EXPECT_EQ(receiver->record().bad, 0U);
    EXPECT_EQ(ledger_of(ended.metrics, index).delivered, kFrames);
    const MetricsText::Labels of = {{"endpoint", endpoint_name(index)}};
    EXPECT_EQ(ended.metrics.count("lariat_endpoint_write_watcher_active", of), 0U);
    EXPECT_EQ(endpoint_count(ended.metrics, "write_wakeups_empty", index), 0U);
    EXPECT_EQ(endpoint_count(ended.metrics, "write_watcher_starts", index),
              endpoint_count(ended.metrics, "write_watcher_stops", index));
    ++index;
  }
}

TEST(Delivery, AUnixSocketTakesTheSameFrames) {
  constexpr std::uint64_t kFrames = 100'000;
  TemporaryDirectory directory;
  const auto raw = directory.file("frames.raw");
  ReceiveRun receiver("tsdp+unix://" + directory.file("socket"), {"--quiet", "--raw", raw});
  BenchRun bench(
      {receiver.url(), "--rate", "100000", "--frames", std::to_string(kFrames), "--wait"});

  const auto ended = bench.end();
  EXPECT_EQ(ended.status, 0) << bench.log();
  expect_balance(ended.metrics, 1);
  EXPECT_EQ(ledger_of(ended.metrics, 0).delivered, kFrames);
  EXPECT_EQ(endpoint_count(ended.metrics, "write_wakeups_empty", 0), 0U);
  receiver.process().signal(SIGTERM);  // Delivered is read, here: it has it all.
  EXPECT_EQ(receiver.process().wait(), 0);
  const auto stream = read_raw(raw);
  EXPECT_EQ(stream.bad, 0U);
  ASSERT_EQ(stream.numbers.size(), kFrames);
  for (std::uint64_t i = 0; i < kFrames; ++i) ASSERT_EQ(stream.numbers[i], i);
}

TEST(Delivery, ASlowReaderGetsAllAndHoldsUpNobody) {
  constexpr std::uint64_t kFrames = 100'000;
  TestReceiver slow({.behaviour = {.read_bytes = 32768, .read_pause = std::chrono::milliseconds(5)},
                     .receive_buffer = 65536});
  TestReceiver fast;
  BenchRun bench({slow.url(), fast.url(), "--rate", "1000000", "--frames", std::to_string(kFrames),
                  "--flush", "30s"});

  EXPECT_TRUE(wait_until([&] { return fast.record().frames == kFrames; }));
  EXPECT_LT(slow.record().frames, kFrames) << "it is slow, so the other did not wait for it";
  const auto ended = bench.end();
  EXPECT_EQ(ended.status, 0) << bench.log();
  expect_balance(ended.metrics, 2);
  EXPECT_TRUE(wait_until([&] { return slow.record().frames == kFrames; }));
  EXPECT_EQ(slow.runs().size(), 1U);
  EXPECT_EQ(slow.record().bad, 0U);
  EXPECT_EQ(endpoint_count(ended.metrics, "write_wakeups_empty", 0), 0U);
}

}  // namespace
}  // namespace lariat::test
