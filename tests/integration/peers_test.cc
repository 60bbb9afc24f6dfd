#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>

#include "tests/integration/bench_run.h"
#include "tests/support/process.h"
#include "tests/support/test_receiver.h"

namespace lariat::test {
namespace {

using namespace std::string_literals;

/// A peer that is none of ours, beside one that is.
class StrangePeer : public testing::Test {
 protected:
  static constexpr std::uint64_t kFrames = 20'000;

  // Sends to a peer that greets so; gives the log.
  std::string run_against(const std::string& greeting) {
    TestReceiver stranger({.behaviour = {.greeting = greeting}});
    TestReceiver good;
    BenchRun bench({stranger.url(), good.url(), "--rate", "20000", "--frames",
                    std::to_string(kFrames), "--flush", "200ms", "--back-off-min", "50ms"});
    const auto ended = bench.end();
    expect_balance(ended.metrics, 2);
    EXPECT_TRUE(wait_until([&] { return good.record().frames == kFrames; }));
    EXPECT_EQ(good.runs().size(), 1U);
    EXPECT_EQ(good.record().bad, 0U);
    EXPECT_EQ(good.record().connections, 1U);
    EXPECT_EQ(ledger_of(ended.metrics, 1).delivered, kFrames);
    last_ = ended.metrics;
    return bench.log();
  }

  MetricsText last_;
};

TEST_F(StrangePeer, OfZeroMqIsNamedAndTheOthersGoOn) {
  const auto log = run_against("\xff\0\0\0\0\0\0\0\x01\x7f"s);
  EXPECT_NE(log.find("endpoint e0: "), std::string::npos);
  EXPECT_NE(log.find("ZeroMQ"), std::string::npos) << log;
  EXPECT_GE(endpoint_count(last_, "disconnects", 0, "local"), 1U);
  EXPECT_LE(std::count(log.begin(), log.end(), '\n'), 12) << "no line an attempt:\n" << log;
}

TEST_F(StrangePeer, ThatSendsGarbageIsLeftAndTheOthersGoOn) {
  const auto log = run_against("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
  EXPECT_NE(log.find("endpoint e0: "), std::string::npos);
  EXPECT_NE(log.find("not TSDP"), std::string::npos) << log;
  EXPECT_GE(endpoint_count(last_, "disconnects", 0, "local"), 1U);
}

TEST_F(StrangePeer, ThatSaysAllOctetsIsLeftOrHeardAndTheOthersGoOn) {
  std::string octets;
  for (int i = 0; i < 4096; ++i) octets += static_cast<char>(i * 7 % 256);
  run_against(octets);
}

TEST_F(StrangePeer, ThatSendsTsdpIsHeard) {
  // A HEARTBEAT: two fields of eight octets, the second of them final.
  const auto heartbeat = "\x10\x00\x00\x00\x60\x08\0\0\0\0\0\0\0\x01\x80\x08\0\0\0\0\0\0\0\0"s;
  run_against(heartbeat + heartbeat);
  EXPECT_EQ(ledger_of(last_, 0).delivered, kFrames);
  EXPECT_EQ(endpoint_count(last_, "disconnects", 0, "local"), 0U);
}

}  // namespace
}  // namespace lariat::test
