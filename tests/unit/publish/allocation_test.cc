#include <gtest/gtest.h>

#include <array>

#include "tests/support/allocations.h"
#include "tests/unit/publish/endpoint_fixture.h"

namespace lariat::publish {
namespace {

using PublishAllocationTest = EndpointTest;

TEST_F(PublishAllocationTest, APublishedFrameAllocatesNothingInSteadyState) {
  std::array<Peer, 3> peers;
  for (auto& peer : peers) add(peer);
  for (auto& peer : peers) ASSERT_TRUE(until([&] { return peer.accept(); }));
  const auto frame = test::numbered_frame(0, 0, 40);
  std::array<std::byte, 1U << 16U> drain;
  const auto round = [&] {
    for (int i = 0; i < 500; ++i) {
      if (!publisher_.publish(frame)) return;
    }
    turn();
    for (auto& peer : peers) peer.discard(drain);
  };
  // Until the log has been as long as it gets.
  for (int i = 0; i < 200; ++i) round();
  const auto before = test::allocations();
  for (int i = 0; i < 200; ++i) round();
  EXPECT_EQ(test::allocations() - before, 0U) << "in 100,000 frames to three endpoints";
  EXPECT_GT(publisher_.endpoints()[0]->stats().write_calls, 100U);
}

}  // namespace
}  // namespace lariat::publish
