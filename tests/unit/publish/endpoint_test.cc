#include "agent/publish/endpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "tests/unit/publish/endpoint_fixture.h"

namespace lariat::publish {
namespace {

using std::chrono::milliseconds;
using testing::Contains;
using testing::HasSubstr;

std::vector<std::uint64_t> first_numbers(std::uint64_t count, std::uint64_t from = 0) {
  std::vector<std::uint64_t> numbers(count);
  std::iota(numbers.begin(), numbers.end(), from);
  return numbers;
}

TEST_F(EndpointTest, ManyFramesOfOneTurnAreOneSystemCallAndNoWatcher) {
  Peer peer;
  auto& endpoint = add(peer);
  ASSERT_TRUE(until([&] { return endpoint.connected(); }));
  ASSERT_TRUE(peer.accept());
  publish(1'000);
  turn();
  EXPECT_EQ(endpoint.stats().write_calls, 1U);
  EXPECT_EQ(endpoint.write_watcher().starts, 0U);
  EXPECT_TRUE(until([&] { return peer.numbers().size() == 1'000; }));
  EXPECT_EQ(peer.numbers(), first_numbers(1'000));
  expect_invariant(endpoint);
}

TEST_F(EndpointTest, WatchesTheSocketOnlyWhileItHoldsBytesItMaySend) {
  Peer peer;
  auto& endpoint = add(peer);
  ASSERT_TRUE(until([&] { return endpoint.connected(); }));
  ASSERT_TRUE(peer.accept());
  expect_invariant(endpoint);
  // Until the kernel refuses.
  while (!endpoint.write_watcher().active && number_ < 200'000) {
    publish(1'000);
    turn();
    expect_invariant(endpoint);
  }
  ASSERT_TRUE(endpoint.write_watcher().active);
  ASSERT_TRUE(until([&] {
    peer.read();
    expect_invariant(endpoint);
    return endpoint.lag() == 0;
  }));
  EXPECT_FALSE(endpoint.write_watcher().active);
  EXPECT_EQ(endpoint.write_watcher().starts, endpoint.write_watcher().stops);
}

TEST_F(EndpointTest, AFlushThatEndsAtItsBoundGoesOnByItself) {
  Peer peer;
  auto& endpoint = add(peer);
  // More than one sendmsg() takes, all of it before the connection is there.
  publish(20'000, 100);
  ASSERT_GT(publisher_.log().end(), std::uint64_t{2} << 20U);
  ASSERT_TRUE(until([&] { return peer.accept(); }));
  EXPECT_TRUE(until([&] { return peer.numbers().size() == 20'000; }));
  ASSERT_TRUE(until([&] {
    endpoint.ask_acknowledged();
    return endpoint.settled();
  }));
  expect_invariant(endpoint);
}

TEST_F(EndpointTest, SeesACloseAtOnceAndComesBackWithWhatWasNotAcknowledged) {
  Peer peer;
  auto& endpoint = add(peer);
  ASSERT_TRUE(until([&] { return peer.accept(); }));
  publish(10);
  ASSERT_TRUE(until([&] { return peer.numbers().size() == 10; }));
  ASSERT_TRUE(until([&] {
    endpoint.ask_acknowledged();
    return endpoint.settled();
  }));
  peer.close();
  ASSERT_TRUE(until([&] { return !endpoint.connected(); }));
  EXPECT_EQ(endpoint.stats().disconnects[static_cast<std::size_t>(EndReason::kClosed)], 1U);
  publish(5);
  ASSERT_TRUE(until([&] { return peer.accept(); }));
  EXPECT_TRUE(until([&] { return peer.numbers().size() == 5; }));
  EXPECT_EQ(peer.numbers(), first_numbers(5, 10));
  EXPECT_EQ(endpoint.ledger().resent, 0U);
}

TEST_F(EndpointTest, AReaderThatDiesOnUnreadDataIsAReset) {
  Peer peer;
  auto& endpoint = add(peer);
  ASSERT_TRUE(until([&] { return peer.accept(); }));
  publish(10);
  ASSERT_TRUE(until([&] {
    endpoint.ask_acknowledged();
    return endpoint.settled();
  })) << "its kernel has all";
  peer.close();
  ASSERT_TRUE(until([&] { return endpoint.stats().disconnects[1] == 1; }));
  EXPECT_EQ(endpoint.stats().disconnects[static_cast<std::size_t>(EndReason::kReset)], 1U);
}

TEST_F(EndpointTest, NamesAZeroMqPeer) {
  Peer peer;
  auto& endpoint = add(peer);
  ASSERT_TRUE(until([&] { return peer.accept(); }));
  peer.send({std::byte{0xff}, std::byte{0}, std::byte{0x7f}});
  ASSERT_TRUE(until([&] { return !endpoint.last_error().empty(); }));
  EXPECT_THAT(endpoint.last_error(), HasSubstr("ZeroMQ"));
  EXPECT_THAT(lines_, Contains(HasSubstr("ZeroMQ")));
}

TEST_F(EndpointTest, CountsMessagesOfThePeerAndLeavesOneThatSpeaksNoTsdp) {
  Peer peer;
  auto& endpoint = add(peer);
  ASSERT_TRUE(until([&] { return peer.accept(); }));
  peer.send(test::numbered_frame(1));
  ASSERT_TRUE(until([&] { return endpoint.stats().messages_received == 1; }));
  EXPECT_TRUE(endpoint.connected());
  peer.send({std::byte{'H'}, std::byte{'T'}, std::byte{'T'}, std::byte{'P'}});
  ASSERT_TRUE(until([&] { return !endpoint.connected(); }));
  EXPECT_THAT(endpoint.last_error(), HasSubstr("not TSDP"));
}

TEST_F(EndpointTest, TellsAFailedConnectOnceAndTriesForEver) {
  Peer peer;
  peer.stop_listening();
  auto& endpoint = add(peer);
  ASSERT_TRUE(until([&] { return endpoint.stats().connect_failures[1] >= 5; }));
  const auto told = std::count_if(lines_.begin(), lines_.end(), [](const std::string& line) {
    return line.find("next try") != std::string::npos;
  });
  EXPECT_EQ(told, 1);
}

TEST_F(EndpointTest, BeginsEachConnectionWithAHeartbeat) {
  Peer peer;
  auto& endpoint = add(peer, milliseconds(60'000));
  ASSERT_TRUE(until([&] { return peer.accept(); }));
  publish(2);
  ASSERT_TRUE(until([&] { return peer.numbers().size() == 2; }));
  EXPECT_EQ(proto::MessageView(peer.read()).opcode(), proto::Opcode::kHeartbeat);
  ASSERT_TRUE(until([&] {
    endpoint.ask_acknowledged();
    return endpoint.settled();
  }));
  EXPECT_EQ(endpoint.ledger().accepted, 2U) << "a heartbeat is in no ledger";
}

TEST_F(EndpointTest, HeartbeatsAreDueAtMultiplesOfTheirInterval) {
  Peer peer;
  auto& endpoint = add(peer, milliseconds(60'000));
  EXPECT_FALSE(endpoint.beat_due()) << "not connected";
  ASSERT_TRUE(until([&] { return endpoint.connected() && endpoint.beat_due(); }));
  const auto due = endpoint.beat_due()->time_since_epoch();
  EXPECT_EQ(due % milliseconds(60'000), milliseconds(0));
  EXPECT_GE(due - base::wall_now().time_since_epoch(), milliseconds(29'000));
  EXPECT_LE(due - base::wall_now().time_since_epoch(), milliseconds(90'000));
}

TEST_F(EndpointTest, AStoppedReaderIsKeptAndCalledStalled) {
  Peer peer;
  EndpointConfig config{.name = "slow", .url = peer.url(), .stall_timeout = milliseconds(50)};
  auto& endpoint = publisher_.add(std::move(config));
  ASSERT_TRUE(until([&] { return peer.accept(); }));
  while (!endpoint.write_watcher().active && number_ < 200'000) {
    publish(1'000);
    turn();
  }
  ASSERT_TRUE(until([&] { return endpoint.stalled(); }));
  EXPECT_TRUE(endpoint.connected());
  ASSERT_TRUE(until([&] {
    peer.read();
    return endpoint.lag() == 0;
  }));
  EXPECT_FALSE(endpoint.stalled());
}

}  // namespace
}  // namespace lariat::publish
