// Endpoints that are changed while they run.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/tcp.h>

#include <array>
#include <variant>

#include "agent/metrics/registry.h"
#include "tests/unit/publish/endpoint_fixture.h"

namespace lariat::publish {
namespace {

using std::chrono::milliseconds;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ReconfigureTest : public EndpointTest {
 protected:
  static EndpointConfig config(const std::string& name, const Peer& peer) {
    return {.name = name,
            .url = peer.url(),
            .back_off_min = milliseconds(1),
            .back_off_max = milliseconds(20),
            .heartbeat = milliseconds(0)};
  }
  static proto::Filter only_series(unsigned series) {
    const std::vector<std::string> patterns = {"bench *,series=" + std::to_string(series),
                                               "bench series=" + std::to_string(series)};
    return std::get<proto::Filter>(proto::Filter::parse(patterns));
  }
  Endpoint& endpoint(std::size_t index) { return *publisher_.endpoints()[index]; }
  static std::uint64_t count(const Endpoint& endpoint, EndReason reason) {
    return endpoint.stats().disconnects[static_cast<std::size_t>(reason)];
  }
  void connect(std::vector<EndpointConfig> configs, Peer& peer) {
    publisher_.apply(std::move(configs));
    ASSERT_TRUE(until([&] { return peer.accept(); }));
    ASSERT_TRUE(until([&] { return endpoint(0).connected(); }));
  }
  void fill(Endpoint& endpoint) {
    while (!endpoint.write_watcher().active && number_ < 200'000) {
      publish(1'000);
      turn();
    }
    ASSERT_TRUE(endpoint.write_watcher().active);
  }
  /// Of our socket that is connected to `peer`, in milliseconds.
  static int user_timeout(const Peer& peer) {
    for (int fd = 3; fd < 1'024; ++fd) {
      sockaddr_in address{};
      socklen_t size = sizeof address;
      if (::getpeername(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) continue;
      if (address.sin_family != AF_INET || ntohs(address.sin_port) != peer.url().port) continue;
      int value = -1;
      size = sizeof value;
      ::getsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &value, &size);
      return value;
    }
    return -1;
  }
  bool settled(Endpoint& endpoint) {
    return until([&] {
      endpoint.ask_acknowledged();
      return endpoint.settled();
    });
  }
};

TEST_F(ReconfigureTest, TheOrderIsThatOfTheListAndTheUnchangedIsNotTouched) {
  std::array<Peer, 3> peers;
  connect({config("a", peers[0]), config("b", peers[1])}, peers[0]);
  ASSERT_TRUE(until([&] { return endpoint(1).connected(); }));
  const auto* a = &endpoint(0);
  const auto* b = &endpoint(1);
  const auto said = lines_.size();
  publisher_.apply({config("c", peers[2]), config("b", peers[1]), config("a", peers[0])});
  ASSERT_EQ(publisher_.endpoints().size(), 3U);
  EXPECT_EQ(endpoint(0).config().name, "c");
  EXPECT_EQ(&endpoint(1), b);
  EXPECT_EQ(&endpoint(2), a);
  EXPECT_EQ(a->stats().connects, 1U);
  EXPECT_TRUE(a->connected());
  EXPECT_EQ(lines_.size(), said) << "of the two there is nothing to tell";
  EXPECT_TRUE(until([&] { return endpoint(0).connected(); }));
}

TEST_F(ReconfigureTest, ANewUrlKeepsThePositionsAndSendsAgainWhatWasNotAcknowledged) {
  Peer before;
  Peer after;
  connect({config("e", before)}, before);
  publish(100);
  turn();
  ASSERT_TRUE(settled(endpoint(0)));
  fill(endpoint(0));  // The old one reads nothing.
  const auto total = number_;
  auto changed = config("e", after);
  publisher_.apply({changed});
  EXPECT_EQ(count(endpoint(0), EndReason::kLocal), 1U);
  EXPECT_TRUE(endpoint(0).ledger().balances());
  const auto delivered_before = endpoint(0).ledger().delivered;
  ASSERT_GE(delivered_before, 100U);
  ASSERT_TRUE(until([&] { return after.accept(); }));
  ASSERT_TRUE(until([&] { return after.numbers().size() == total - delivered_before; }));
  EXPECT_EQ(after.numbers().front(), delivered_before) << "from the first not acknowledged on";
  ASSERT_TRUE(settled(endpoint(0)));
  const auto ledger = endpoint(0).ledger();
  EXPECT_EQ(ledger.delivered, total);
  EXPECT_GT(ledger.resent, 0U);
  EXPECT_TRUE(ledger.balances());
  EXPECT_EQ(endpoint(0).stats().connects, 2U);
  expect_invariant(endpoint(0));
}

TEST_F(ReconfigureTest, ANewUrlDoesNotWaitForTheBackOffOfTheOldOne) {
  Peer gone;
  Peer after;
  gone.stop_listening();
  auto slow = config("e", gone);
  slow.back_off_min = slow.back_off_max = milliseconds(3'600'000);
  publisher_.apply({slow});
  ASSERT_TRUE(until([&] { return endpoint(0).state() == EndpointState::kWaiting; }));
  EXPECT_FALSE(endpoint(0).last_error().empty());
  slow.url = after.url();
  publisher_.apply({slow});
  EXPECT_EQ(endpoint(0).state(), EndpointState::kConnecting);
  EXPECT_TRUE(endpoint(0).last_error().empty());
  EXPECT_TRUE(until([&] { return after.accept(); }));
}

TEST_F(ReconfigureTest, AShorterBackOffHoldsForTheWaitUnderWay) {
  Peer gone;
  gone.stop_listening();
  auto slow = config("e", gone);
  slow.back_off_min = slow.back_off_max = milliseconds(3'600'000);
  publisher_.apply({slow});
  ASSERT_TRUE(until([&] { return endpoint(0).state() == EndpointState::kWaiting; }));
  publisher_.apply({config("e", gone)});
  EXPECT_TRUE(until([&] { return endpoint(0).stats().connect_failures[1] >= 3; }));
}

TEST_F(ReconfigureTest, LimitsApplyAtOnceAndTheWatcherFollows) {
  Peer peer;
  auto limited = config("e", peer);
  connect({limited}, peer);
  fill(endpoint(0));
  publish(1'000);  // Not taken in yet.
  limited.limits.max_bytes = 0;
  publisher_.apply({limited});
  const auto ledger = endpoint(0).ledger();
  EXPECT_TRUE(ledger.balances());
  EXPECT_EQ(ledger.accepted, number_);
  EXPECT_GE(ledger.dropped[static_cast<std::size_t>(DropReason::kFull)], 1'000U);
  EXPECT_EQ(endpoint(0).stats().connects, 1U);
  EXPECT_TRUE(endpoint(0).connected());
  // At most the rest of a frame that was cut.
  ASSERT_TRUE(until([&] {
    peer.read();
    return !endpoint(0).write_watcher().active;
  }));
  expect_invariant(endpoint(0));
  const auto numbers = peer.numbers();
  EXPECT_EQ(std::count(numbers.begin(), numbers.end(), test::kBad), 0) << "whole frames";
}

TEST_F(ReconfigureTest, AChangedFilterHoldsForFramesPublishedAfterwards) {
  Peer peer;
  auto chosen = config("e", peer);
  connect({chosen}, peer);
  const auto publish_both = [&] {
    for (unsigned series = 0; series < 2; ++series) {
      ASSERT_TRUE(publisher_.publish(test::numbered_frame(number_++, series)));
    }
  };
  publish_both();
  chosen.limits.filter = only_series(1);
  publisher_.apply({chosen});
  publish_both();
  turn();
  chosen.limits.filter = std::nullopt;
  publisher_.apply({chosen});
  publish_both();
  ASSERT_TRUE(until([&] { return peer.numbers().size() == 5; }));
  EXPECT_THAT(peer.numbers(), ElementsAre(0, 1, 3, 4, 5));
  ASSERT_TRUE(settled(endpoint(0)));
  EXPECT_EQ(endpoint(0).ledger().accepted, 5U);
  EXPECT_EQ(endpoint(0).stats().connects, 1U);
  EXPECT_EQ(endpoint(0).write_watcher().starts, 0U) << "no change needed it";
}

TEST_F(ReconfigureTest, AHeartbeatThatIsTurnedOnIsSentOnTheLivingConnection) {
  Peer peer;
  auto beating = config("e", peer);
  connect({beating}, peer);
  publish(3);
  ASSERT_TRUE(until([&] { return peer.numbers().size() == 3; }));
  const auto before = peer.read().size();
  beating.heartbeat = milliseconds(60'000);
  publisher_.apply({beating});
  ASSERT_TRUE(until([&] { return peer.read().size() > before; }));
  const auto beat = std::span(peer.read()).subspan(before);
  EXPECT_EQ(proto::MessageView(beat).opcode(), proto::Opcode::kHeartbeat);
  EXPECT_EQ(endpoint(0).stats().connects, 1U);
  ASSERT_TRUE(endpoint(0).beat_due());
  beating.heartbeat = milliseconds(0);
  publisher_.apply({beating});
  EXPECT_FALSE(endpoint(0).beat_due());
}

TEST_F(ReconfigureTest, AStallUnderTheOldTimeOutMayBeNoneUnderTheNewOne) {
  Peer peer;
  auto slow = config("e", peer);
  connect({slow}, peer);
  fill(endpoint(0));
  slow.stall_timeout = milliseconds(50);
  publisher_.apply({slow});
  ASSERT_TRUE(until([&] { return endpoint(0).stalled(); })) << "the timer was set anew";
  EXPECT_EQ(endpoint(0).state(), EndpointState::kStalled);
  slow.stall_timeout = milliseconds(3'600'000);
  publisher_.apply({slow});
  EXPECT_FALSE(endpoint(0).stalled());
  EXPECT_EQ(endpoint(0).state(), EndpointState::kBehind);
  EXPECT_TRUE(endpoint(0).connected());
}

TEST_F(ReconfigureTest, TheKernelsLimitOfALivingConnectionFollowsTheStallTimeOut) {
  Peer peer;
  auto changed = config("e", peer);
  connect({changed}, peer);
  EXPECT_EQ(user_timeout(peer), 120'000);
  changed.stall_timeout = milliseconds(7'000);
  publisher_.apply({changed});
  EXPECT_EQ(user_timeout(peer), 28'000);
  EXPECT_EQ(endpoint(0).stats().connects, 1U);
}

TEST_F(ReconfigureTest, ARemovedEndpointIsClosedAndTellsOnceWhatWasLeft) {
  Peer peer;
  Peer gone;
  gone.stop_listening();
  connect({config("all", peer), config("none", gone)}, peer);
  publish(3);
  turn();
  ASSERT_TRUE(settled(endpoint(0)));
  publisher_.apply({});
  EXPECT_THAT(publisher_.endpoints(), IsEmpty());
  EXPECT_THAT(lines_, Contains(HasSubstr("endpoint all: removed, with all delivered")).Times(1));
  EXPECT_THAT(lines_, Contains(HasSubstr("endpoint none: removed with 3 frames")).Times(1));
  EXPECT_TRUE(until([&] {
    peer.read();
    return peer.closed();
  }));
  // The name begins anew.
  publisher_.apply({config("none", peer)});
  EXPECT_EQ(endpoint(0).ledger().accepted, 0U);
}

TEST_F(ReconfigureTest, ANewEndpointBeginsWhereItsStartSays) {
  Peer away;
  away.stop_listening();
  std::array<Peer, 2> peers;
  publisher_.apply({config("holds", away)});
  publish(10);
  turn();
  auto from_begin = config("begin", peers[0]);
  from_begin.limits.start = Start::kBegin;
  publisher_.apply({config("holds", away), from_begin, config("end", peers[1])});
  EXPECT_EQ(endpoint(1).ledger().accepted, 10U);
  EXPECT_EQ(endpoint(2).ledger().accepted, 0U);
}

TEST_F(ReconfigureTest, AChangeThatComesWhileEventsArePendingMeetsNoStaleOne) {
  std::array<Peer, 2> peers;
  connect({config("e", peers[0])}, peers[0]);
  fill(endpoint(0));
  for (std::size_t round = 0; round < 20; ++round) {
    // A close, readable octets, and a writable socket, all in the turn in which the timer fires.
    auto& now = peers[round % 2];
    auto& next = peers[(round + 1) % 2];
    now.send(test::numbered_frame(1));
    now.read();
    if (round % 3 == 0) now.close();
    loop::Timer change(loop_, [&] { publisher_.apply({config("e", next)}); });
    change.start(milliseconds(0));
    ASSERT_TRUE(until([&] { return next.accept(); }));
    ASSERT_TRUE(until([&] { return endpoint(0).connected(); }));
    fill(endpoint(0));
    EXPECT_TRUE(endpoint(0).ledger().balances());
    EXPECT_EQ(endpoint(0).stats().write_wakeups_empty, 0U);
  }
}

TEST_F(ReconfigureTest, ASmallerBudgetOfTheLogEvictsForTheSlowAndStopsTheirWatchers) {
  Peer peer;
  connect({config("e", peer)}, peer);
  fill(endpoint(0));
  publish(10'000);
  turn();
  publisher_.set_log_limits({.memory_bytes = 512U << 10U, .segment_bytes = 64U << 10U});
  EXPECT_LE(publisher_.log().memory_bytes(), 512U << 10U);
  turn();
  const auto ledger = endpoint(0).ledger();
  EXPECT_TRUE(ledger.balances());
  EXPECT_GT(ledger.dropped[static_cast<std::size_t>(DropReason::kEvicted)], 0U);
  ASSERT_TRUE(until([&] {
    peer.read();
    return endpoint(0).lag() == 0;
  }));
  expect_invariant(endpoint(0));
  const auto numbers = peer.numbers();
  EXPECT_EQ(std::count(numbers.begin(), numbers.end(), test::kBad), 0) << "whole frames";
  EXPECT_EQ(numbers.back(), number_ - 1);
}

TEST_F(ReconfigureTest, DrainEndsWhenAllIsAcknowledged) {
  Peer peer;
  connect({config("e", peer)}, peer);
  publish(100);
  std::optional<bool> all;
  publisher_.drain(milliseconds(5'000), [&](bool delivered) { all = delivered; });
  ASSERT_TRUE(until([&] { return all.has_value(); }));
  EXPECT_TRUE(*all);
  EXPECT_THAT(publisher_.farewell(), IsEmpty());
}

TEST_F(ReconfigureTest, DrainTriesOnceMoreAndWaitsForNoneThatCannotGetOn) {
  Peer gone;
  gone.stop_listening();
  auto away = config("away", gone);
  away.back_off_min = away.back_off_max = milliseconds(3'600'000);
  publisher_.apply({away});
  publish(2);
  ASSERT_TRUE(until([&] { return endpoint(0).state() == EndpointState::kWaiting; }));
  const auto failures = endpoint(0).stats().connect_failures[1];
  std::optional<bool> all;
  publisher_.drain(milliseconds(3'600'000), [&](bool delivered) { all = delivered; });
  ASSERT_TRUE(until([&] { return all.has_value(); })) << "long before the deadline";
  EXPECT_FALSE(*all);
  EXPECT_EQ(endpoint(0).stats().connect_failures[1], failures + 1);
  EXPECT_THAT(publisher_.farewell(), ElementsAre(HasSubstr("endpoint away: ends with 2 frames (")));
}

TEST_F(ReconfigureTest, DrainWaitsForAReaderThatIsSlowUpToTheGrace) {
  Peer peer;
  connect({config("slow", peer)}, peer);
  fill(endpoint(0));
  std::optional<bool> all;
  publisher_.drain(milliseconds(40), [&](bool delivered) { all = delivered; });
  ASSERT_TRUE(until([&] { return all.has_value(); }));
  EXPECT_FALSE(*all);
  EXPECT_EQ(publisher_.farewell().size(), 1U);
  all.reset();
  publisher_.drain(milliseconds(10'000), [&](bool delivered) { all = delivered; });
  ASSERT_TRUE(until([&] {
    peer.read();
    return all.has_value();
  }));
  EXPECT_TRUE(*all);
}

TEST_F(ReconfigureTest, TheStateIsSaidInOneWord) {
  Peer peer;
  publisher_.apply({config("e", peer)});
  EXPECT_EQ(to_string(endpoint(0).state()), "connecting");
  EXPECT_EQ(endpoint(0).peer(), "");
  ASSERT_TRUE(until([&] { return peer.accept(); }));
  ASSERT_TRUE(until([&] { return endpoint(0).connected(); }));
  EXPECT_EQ(to_string(endpoint(0).state()), "connected");
  EXPECT_EQ(endpoint(0).peer(), "127.0.0.1:" + std::to_string(peer.url().port));
  EXPECT_LE(endpoint(0).since(), base::wall_now());
  EXPECT_GT(endpoint(0).since(), base::wall_now() - milliseconds(10'000));
  fill(endpoint(0));
  EXPECT_EQ(to_string(endpoint(0).state()), "behind");
  peer.stop_listening();
  peer.close();
  ASSERT_TRUE(until([&] { return endpoint(0).state() == EndpointState::kWaiting; }));
  EXPECT_EQ(to_string(endpoint(0).state()), "waiting");
  EXPECT_FALSE(endpoint(0).last_error().empty());
  EXPECT_EQ(endpoint(0).peer(), "");
}

}  // namespace
}  // namespace lariat::publish
