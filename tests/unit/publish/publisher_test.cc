#include "agent/publish/publisher.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "agent/metrics/registry.h"
#include "tests/unit/publish/endpoint_fixture.h"

namespace lariat::publish {
namespace {

using PublisherTest = EndpointTest;
using std::chrono::milliseconds;

TEST_F(PublisherTest, OneStuckPeerCostsTheOthersNothing) {
  std::array<Peer, 3> peers;
  for (auto& peer : peers) add(peer);
  for (auto& peer : peers) ASSERT_TRUE(until([&] { return peer.accept(); }));
  // The last one reads nothing, and the log overflows.
  constexpr std::uint64_t kFrames = 400'000;
  while (number_ < kFrames) {
    publish(2'000);
    ASSERT_TRUE(until([&] {
      peers[0].read();
      peers[1].read();
      return publisher_.endpoints()[0]->lag() == 0 && publisher_.endpoints()[1]->lag() == 0;
    }));
  }
  EXPECT_TRUE(until([&] { return peers[0].numbers().size() == kFrames; }));
  EXPECT_TRUE(until([&] { return peers[1].read() == peers[0].read(); })) << "the same bytes";
  EXPECT_LE(publisher_.log().memory_bytes(), std::size_t{4} << 20U);
  const auto stuck = publisher_.endpoints()[2]->ledger();
  EXPECT_TRUE(stuck.balances());
  EXPECT_GT(stuck.dropped_total(), 0U);
}

TEST_F(PublisherTest, WithoutEndpointsTheLogKeepsOneSegment) {
  publish(50'000);
  turn();
  EXPECT_EQ(publisher_.log().segments(), 1U);
}

TEST_F(PublisherTest, FlushEndsWhenAllIsAcknowledged) {
  Peer peer;
  add(peer);
  publish(100);
  bool ended = false;
  bool all = false;
  publisher_.flush(milliseconds(5'000), [&](bool delivered) {
    ended = true;
    all = delivered;
  });
  ASSERT_TRUE(until([&] { return ended; }));
  EXPECT_TRUE(all);
  EXPECT_EQ(publisher_.endpoints()[0]->ledger().delivered, 100U);
}

TEST_F(PublisherTest, FlushGivesUpAtItsDeadline) {
  Peer peer;
  peer.stop_listening();
  add(peer);
  publish(1);
  bool ended = false;
  bool all = true;
  publisher_.flush(milliseconds(30), [&](bool delivered) {
    ended = true;
    all = delivered;
  });
  ASSERT_TRUE(until([&] { return ended; }));
  EXPECT_FALSE(all);
  EXPECT_EQ(publisher_.endpoints()[0]->ledger().queued, 1U);
}

TEST_F(PublisherTest, RoomIsToldOnceTheLagIsBelow) {
  Peer peer;
  auto& endpoint = add(peer);
  ASSERT_TRUE(until([&] { return peer.accept(); }));
  while (!endpoint.write_watcher().active && number_ < 200'000) {
    publish(1'000);
    turn();
  }
  int told = 0;
  publisher_.when_lag_below(1'000, [&] { ++told; });
  turn();
  EXPECT_EQ(told, 0);
  ASSERT_TRUE(until([&] {
    peer.read();
    return told > 0;
  }));
  EXPECT_LE(publisher_.lag(), 1'000U);
}

TEST_F(PublisherTest, ARemovedEndpointHoldsTheLogNoMore) {
  Peer peer;
  add(peer);
  ASSERT_TRUE(until([&] { return peer.accept(); }));
  publisher_.remove("e0");
  publish(20'000);
  turn();
  EXPECT_EQ(publisher_.log().segments(), 1U);
  EXPECT_TRUE(until([&] {
    peer.read();
    return peer.closed();
  }));
}

TEST_F(PublisherTest, ReportsALedgerThatBalancesInItsMetrics) {
  Peer peer;
  auto& endpoint = add(peer);
  ASSERT_TRUE(until([&] { return endpoint.connected(); }));
  publish(3);
  turn();
  metrics::Registry registry;
  registry.add(publisher_);
  const auto text = registry.text();
  EXPECT_NE(text.find("lariat_endpoint_frames_accepted_total{endpoint=\"e0\"} 3"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("lariat_endpoint_connected{endpoint=\"e0\"} 1"), std::string::npos);
  EXPECT_NE(text.find("lariat_log_frames_total 3"), std::string::npos);
}

}  // namespace
}  // namespace lariat::publish
