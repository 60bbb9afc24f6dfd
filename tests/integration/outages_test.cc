#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <cstdint>
#include <string>

#include "tests/integration/agent_run.h"
#include "tests/integration/bench_run.h"
#include "tests/integration/delay.h"
#include "tests/integration/number_source.h"
#include "tests/support/process.h"
#include "tests/support/test_receiver.h"

namespace lariat::test {
namespace {

using std::chrono::milliseconds;

milliseconds outage_lasts() { return lasting(std::chrono::seconds(20), std::chrono::seconds(6)); }

/// Three aggregators of an agent at an even pace; something happens to the third.
class Outage : public testing::Test {
 protected:
  [[nodiscard]] std::string configuration() const {
    // Long enough for a log that holds all of the outage; the kernel gives a connection up after
    // four times the time-out.
    const auto stall_timeout = std::chrono::duration_cast<milliseconds>(outage_lasts() / 3).count();
    return "\"log\": {\"memory\": \"128MiB\"},\n" +
           endpoints_member({a_.url(), b_.url(), third_.url()},
                            ", \"back_off\": {\"min\": \"10ms\", \"max\": \"200ms\"}, "
                            "\"stall_timeout\": \"" +
                                std::to_string(stall_timeout) + "ms\"") +
           ",\n\"collectors\": {\"directories\": [], \"run\": {" + numbers_member() + "}}";
  }

  void expect_all(const TestReceiver& receiver, std::uint64_t count) {
    EXPECT_TRUE(wait_until([&] { return receiver.record().frames >= count; }));
    EXPECT_EQ(receiver.numbers().missing_count(count), 0U);
    EXPECT_EQ(receiver.record().frames, count) << "each came once";
    EXPECT_EQ(receiver.record().bad, 0U);
    EXPECT_EQ(receiver.record().connections, 1U);
  }

  TestReceiver a_;
  TestReceiver b_;
  // A small buffer, else the kernel takes it all for longer than the outage lasts.
  TestReceiver third_{{.receive_buffer = 262'144}};
  AgentRun agent_{configuration()};
  NumberSource numbers_{agent_};
  const MetricsText::Labels of_third_ = {{"endpoint", "e2"}};
};

TEST_F(Outage, AFrozenAggregatorHoldsUpNobodyAndGetsAllOfItLater) {
  numbers_.wait_for_frames(20'000);
  agent_.watch_ledgers(milliseconds(1'000));
  const auto frozen_at = steady_now();
  third_.freeze();
  const auto frozen = agent_.watch_ledgers(outage_lasts());
  const auto thawed_at = steady_now();
  EXPECT_EQ(frozen.count("lariat_endpoint_stalled", of_third_), 1U) << "slow, and kept";
  EXPECT_EQ(frozen.count("lariat_endpoint_connected", of_third_), 1U);
  EXPECT_EQ(frozen.count("lariat_endpoint_write_watcher_active", of_third_), 1U);
  EXPECT_GT(frozen.count("lariat_endpoint_frames_queued", of_third_), 10'000U);
  third_.thaw();
  agent_.watch_ledgers(milliseconds(1'000));
  const auto count = numbers_.stop();
  const auto end = agent_.ledgers_at_rest();

  EXPECT_EQ(end.count("lariat_endpoint_stalled", of_third_), 0U);
  EXPECT_EQ(end.sum("lariat_endpoint_write_watcher_active"), 0);
  EXPECT_EQ(end.sum("lariat_endpoint_write_watcher_starts_total"),
            end.sum("lariat_endpoint_write_watcher_stops_total"));
  EXPECT_EQ(end.sum("lariat_endpoint_write_wakeups_empty_total"), 0);
  EXPECT_EQ(end.sum("lariat_endpoint_frames_dropped_total"), 0);
  EXPECT_EQ(end.count("lariat_loop_spins_total"), 0U);
  for (const auto* receiver : {&a_, &b_, &third_}) expect_all(*receiver, count);
  for (const auto* receiver : {&a_, &b_}) {
    expect_not_later(receiver->arrivals(), NumberSource::kRate, frozen_at, thawed_at);
  }
  EXPECT_EQ(agent_.end(), 0);
}

TEST_F(Outage, AKilledAggregatorMissesOnlyWhatItsKernelHadTaken) {
  numbers_.wait_for_frames(10'000);
  // Longer than an acknowledgement is delayed; the agent holds still while the queue is read.
  constexpr milliseconds kAcknowledged{100};
  agent_.process().stop();
  third_.pause_reading();
  const auto unread = third_.unread(kAcknowledged) + third_.record().begun_bytes;
  const auto lost = unread / third_.record().largest_frame;
  third_.kill();
  agent_.process().go_on();
  const auto is_down = agent_.metrics_when([&](const MetricsText& now) {
    return now.value("lariat_endpoint_connected", of_third_) == 0 &&
           now.value("lariat_endpoint_frames_queued", of_third_) > 5'000;
  });
  EXPECT_EQ(is_down.count("lariat_endpoint_connected", of_third_), 0U);
  agent_.watch_ledgers(milliseconds(300));
  third_.start();
  ASSERT_TRUE(wait_until([&] { return third_.record().connections >= 2; })) << agent_.log();
  agent_.watch_ledgers(milliseconds(300));

  const auto count = numbers_.stop();
  const auto end = agent_.ledgers_at_rest();
  EXPECT_EQ(end.sum("lariat_endpoint_frames_dropped_total"), 0);
  EXPECT_EQ(end.sum("lariat_endpoint_write_wakeups_empty_total"), 0);
  for (const auto* receiver : {&a_, &b_}) expect_all(*receiver, count);
  EXPECT_TRUE(wait_until([&] { return third_.record().last_number == count - 1; }));
  EXPECT_EQ(third_.numbers().missing_count(count), lost) << "unread were " << unread << " octets";
  EXPECT_EQ(third_.record().bad, 0U);
  EXPECT_EQ(agent_.end(), 0);
}

}  // namespace
}  // namespace lariat::test
