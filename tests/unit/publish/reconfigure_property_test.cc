// Random changes of endpoints and of the log while frames flow, peers stall, read and die.

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>
#include <variant>
#include <vector>

#include "tests/unit/publish/endpoint_fixture.h"

namespace lariat::publish {
namespace {

using std::chrono::milliseconds;

class ReconfigurePropertyTest : public EndpointTest,
                                public testing::WithParamInterface<std::uint64_t> {
 protected:
  std::size_t pick(std::size_t below) {
    return std::uniform_int_distribution<std::size_t>(0, below - 1)(random_);
  }

  std::vector<EndpointConfig> some_configs() {
    std::vector<EndpointConfig> configs;
    for (const auto* name : {"a", "b", "c"}) {
      if (pick(5) == 0) continue;
      EndpointConfig config{.name = name,
                            .url = peers_[pick(peers_.size())].url(),
                            .stall_timeout = milliseconds(pick(2) == 0 ? 20 : 30'000),
                            .back_off_min = milliseconds(1),
                            .back_off_max = milliseconds(1 + pick(20)),
                            .heartbeat = milliseconds(pick(2) * 1'000)};
      if (pick(2) == 0) {
        const std::vector<std::string> patterns = {"bench *,series=" + std::to_string(pick(2))};
        config.limits.filter = std::get<proto::Filter>(proto::Filter::parse(patterns));
      }
      if (pick(4) == 0) config.limits.max_bytes = pick(1U << 20U);
      if (pick(4) == 0) config.limits.max_age = milliseconds(1'000);
      if (pick(2) == 0) config.limits.start = Start::kBegin;
      configs.push_back(std::move(config));
    }
    return configs;
  }

  void step() {
    switch (pick(8)) {
      case 0:
        publisher_.apply(some_configs());
        break;
      case 1:
        publisher_.set_log_limits({.memory_bytes = (1U + pick(32)) << 17U,
                                   .segment_bytes = std::size_t{64} << (10U + pick(3))});
        break;
      case 2:
        for (auto& peer : peers_) peer.accept();
        break;
      case 3:
        peers_[pick(peers_.size())].read();
        break;
      case 4:
        if (pick(4) == 0) peers_[pick(peers_.size())].close();
        break;
      default:
        for (std::size_t i = pick(3'000); i > 0; --i) {
          ASSERT_TRUE(publisher_.publish(
              test::numbered_frame(number_++, static_cast<unsigned>(pick(2)), 1 + pick(200))));
        }
    }
    if (pick(3) != 0) turn();
  }

  void check() {
    for (const auto& endpoint : publisher_.endpoints()) {
      EXPECT_TRUE(endpoint->ledger().balances());
      EXPECT_EQ(endpoint->stats().write_wakeups_empty, 0U);
      if (endpoint->write_watcher().active) {
        EXPECT_TRUE(endpoint->connected());
      }
      EXPECT_GE(endpoint->held_from(), publisher_.log().begin());
    }
  }

  std::mt19937_64 random_{GetParam()};
  std::array<Peer, 3> peers_;
};

TEST_P(ReconfigurePropertyTest, NoChangeUnbalancesALedgerOrLeavesAWatcherOn) {
  for (int i = 0; i < 150; ++i) {
    step();
    check();
    if (HasFailure()) return;
  }
  // In the end each has a peer of its own that reads, and all there is arrives.
  std::vector<EndpointConfig> last;
  for (auto& peer : peers_) {
    peer = Peer();
    last.push_back({.name = std::string(1, static_cast<char>('a' + last.size())),
                    .url = peer.url(),
                    .back_off_min = milliseconds(1),
                    .back_off_max = milliseconds(20)});
  }
  publisher_.apply(last);
  ASSERT_TRUE(until([&] {
    bool all = true;
    for (std::size_t i = 0; i < peers_.size(); ++i) {
      peers_[i].accept();
      peers_[i].read();
      publisher_.endpoints()[i]->ask_acknowledged();
      all = all && publisher_.endpoints()[i]->settled();
    }
    return all;
  }));
  check();
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(publisher_.endpoints()[i]->ledger().queued, 0U);
    EXPECT_FALSE(publisher_.endpoints()[i]->write_watcher().active);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, ReconfigurePropertyTest, testing::Range<std::uint64_t>(0, 12));

}  // namespace
}  // namespace lariat::publish
