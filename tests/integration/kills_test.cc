#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <iostream>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tests/integration/bench_run.h"
#include "tests/support/process.h"
#include "tests/support/test_receiver.h"

namespace lariat::test {
namespace {

using std::chrono::milliseconds;

// Longer than an acknowledgement is delayed: what lies unread has been acknowledged by then.
constexpr milliseconds kAcknowledged{100};

/// Three receivers of which one ends again and again while frames come at 20,000/s.
class Ends : public testing::Test {
 protected:
  static constexpr std::size_t kReceivers = 3;

  Ends() {
    std::cout << "seed " << seed_ << '\n';
    for (auto& receiver : receivers_) receiver = std::make_unique<TestReceiver>();
    bench_ = std::make_unique<BenchRun>(
        std::vector<std::string>{receivers_[0]->url(), receivers_[1]->url(), receivers_[2]->url(),
                                 "--rate", "20000", "--seconds", "600s", "--memory", "64MiB",
                                 "--back-off-min", "5ms", "--back-off-max", "20ms"});
    bench_->wait_connected(kReceivers);
  }

  int chance(int from, int to) { return std::uniform_int_distribution(from, to)(random_); }
  // Lets the sender and the receivers run.
  static void let_run(int for_ms) { ::poll(nullptr, 0, for_ms); }

  void wait_for_frames_after(const TestReceiver& receiver, std::uint64_t connections) const {
    const auto frames = receiver.record().frames.load();
    ASSERT_TRUE(wait_until([&] {
      return receiver.record().connections > connections && receiver.record().frames > frames;
    })) << bench_->log();
  }

  BenchRun::Ended finish() {
    auto ended = bench_->stop();
    expect_balance(ended.metrics, kReceivers);
    for (const auto& receiver : receivers_) {
      EXPECT_TRUE(wait_until([&] { return receiver->record().open == 0; }));
      EXPECT_EQ(receiver->record().bad, 0U);
    }
    return ended;
  }

  const std::uint32_t seed_ = std::random_device()();
  std::mt19937 random_{seed_};
  std::array<std::unique_ptr<TestReceiver>, kReceivers> receivers_;
  std::unique_ptr<BenchRun> bench_;
};

/// A receiver was killed: what it had not read, in frames, and after which number.
struct Kill {
  std::size_t victim = 0;
  std::uint64_t connection = 0;
  std::uint64_t unread_bytes = 0;
  std::uint64_t lost = 0;
};

class KilledReceivers : public Ends {
 protected:
  // The sender is stopped before the receive queue is read, so that it holds still.
  Kill kill_one() {
    Kill kill{.victim = static_cast<std::size_t>(chance(0, kReceivers - 1))};
    auto& victim = *receivers_[kill.victim];
    let_run(chance(0, 30));
    const bool unread = chance(0, 3) != 0;
    if (unread) {
      victim.pause_reading();
      let_run(chance(0, 60));
    }
    bench_->process().stop();
    if (!unread) victim.pause_reading();
    kill.unread_bytes = victim.unread(kAcknowledged);
    kill.connection = victim.record().connections;
    kill.lost = (victim.record().begun_bytes + kill.unread_bytes) / victim.record().largest_frame;
    victim.kill();
    victim.start();
    bench_->process().go_on();
    wait_for_frames_after(victim, kill.connection);
    return kill;
  }

  // Between the last number of the connection that ended and the first of the next.
  static std::uint64_t lost_in(const std::vector<NumberRun>& runs, std::uint64_t connection) {
    const auto next = std::find_if(runs.begin(), runs.end(),
                                   [&](const auto& run) { return run.connection > connection; });
    if (next == runs.begin() || next == runs.end()) return ~std::uint64_t{0};
    return next->first - std::prev(next)->last - 1;
  }

  // Each run is a whole connection: within one no number is left out or comes twice.
  static void expect_one_run_a_connection(const std::vector<NumberRun>& runs) {
    for (std::size_t i = 1; i < runs.size(); ++i) {
      EXPECT_GT(runs[i].connection, runs[i - 1].connection) << "before number " << runs[i].first;
    }
  }
};

TEST_F(KilledReceivers, LoseExactlyWhatLayUnreadAndNoStreamHasABadFrame) {
  constexpr int kKills = 50;
  std::vector<Kill> kills;
  for (int i = 0; i < kKills && !HasFatalFailure(); ++i) kills.push_back(kill_one());
  const auto ended = finish();
  const auto published = ended.metrics.count("lariat_log_frames_total");
  for (std::size_t i = 0; i < kReceivers; ++i) {
    SCOPED_TRACE(endpoint_name(i) + ", seed " + std::to_string(seed_));
    const auto runs = receivers_[i]->runs();
    const auto& record = receivers_[i]->record();
    EXPECT_EQ(record.smallest_frame, record.largest_frame);
    expect_one_run_a_connection(runs);
    std::uint64_t lost = 0;
    std::uint64_t ends = 0;
    std::uint64_t must_be_resets = 0;
    for (const auto& kill : kills) {
      if (kill.victim != i) continue;
      EXPECT_EQ(lost_in(runs, kill.connection), kill.lost)
          << "connection " << kill.connection << ", unread " << kill.unread_bytes;
      lost += kill.lost;
      ++ends;
      must_be_resets += kill.unread_bytes > 0 ? 1 : 0;
    }
    EXPECT_EQ(NumberSet(runs).missing_count(published), lost);
    const auto ledger = ledger_of(ended.metrics, i);
    EXPECT_EQ(ledger.accepted, published);
    EXPECT_EQ(ledger.delivered, published) << "the kernel of the killed acknowledged the lost";
    const auto resets = endpoint_count(ended.metrics, "disconnects", i, "reset");
    EXPECT_GE(resets, must_be_resets) << "each loss has its reset";
    EXPECT_EQ(resets + endpoint_count(ended.metrics, "disconnects", i, "closed"), ends);
  }
}

TEST_F(Ends, AReceiverThatClosesCleanlyLosesNothing) {
  constexpr int kCloses = 30;
  std::array<std::uint64_t, kReceivers> closes{};
  for (int i = 0; i < kCloses && !HasFatalFailure(); ++i) {
    const auto which = static_cast<std::size_t>(chance(0, kReceivers - 1));
    auto& receiver = *receivers_[which];
    let_run(chance(0, 40));
    const auto connections = receiver.record().connections.load();
    receiver.close_connections();
    wait_for_frames_after(receiver, connections);
    ++closes[which];
  }
  const auto ended = finish();
  const auto published = ended.metrics.count("lariat_log_frames_total");
  for (std::size_t i = 0; i < kReceivers; ++i) {
    SCOPED_TRACE(endpoint_name(i) + ", seed " + std::to_string(seed_));
    const auto numbers = receivers_[i]->numbers();
    EXPECT_EQ(numbers.missing_count(published), 0U);
    EXPECT_EQ(ledger_of(ended.metrics, i).delivered, published);
    EXPECT_EQ(endpoint_count(ended.metrics, "disconnects", i, "closed"), closes[i]);
    EXPECT_EQ(endpoint_count(ended.metrics, "disconnects", i, "reset"), 0U);
    EXPECT_LE(receivers_[i]->record().frames - numbers.size(),
              endpoint_count(ended.metrics, "frames_resent", i))
        << "what came twice was resent";
  }
}

TEST(CleanEnd, SendsNothingAgainThatWasAcknowledged) {
  constexpr std::uint64_t kBurst = 1'000;
  TestReceiver receiver;
  BenchRun bench({receiver.url(), "--wait", "--rate", "1000", "--every", "1s", "--seconds", "600s",
                  "--back-off-min", "5ms", "--back-off-max", "20ms"});
  bench.wait_connected(1);
  // The sender has had no cause to ask for the acknowledgement of the burst, before the end.
  for (std::uint64_t bursts = 2; bursts <= 4; ++bursts) {
    ASSERT_TRUE(wait_until([&] { return receiver.record().frames >= bursts * kBurst; }));
    EXPECT_EQ(receiver.unread(kAcknowledged), 0U);
    const auto connections = receiver.record().connections.load();
    receiver.close_connections();
    ASSERT_TRUE(wait_until([&] { return receiver.record().connections > connections; }));
  }
  const auto ended = bench.stop();
  EXPECT_EQ(ended.status, 0) << bench.log();
  EXPECT_EQ(endpoint_count(ended.metrics, "disconnects", 0, "closed"), 3U);
  EXPECT_EQ(endpoint_count(ended.metrics, "frames_resent", 0), 0U);
  EXPECT_EQ(receiver.record().frames, receiver.numbers().size()) << "each came once";
}

}  // namespace
}  // namespace lariat::test
