#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "tests/unit/publish/endpoint_fixture.h"
#include "tests/unit/publish/spool_fixture.h"

namespace lariat::publish {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::HasSubstr;
namespace fs = std::filesystem;

std::vector<std::uint64_t> numbers_from(std::uint64_t first, std::uint64_t end) {
  std::vector<std::uint64_t> numbers(end - first);
  std::iota(numbers.begin(), numbers.end(), first);
  return numbers;
}

/// A publisher with a spool that is ended and begun again on the same directory.
class PublisherSpoolTest : public testing::Test {
 protected:
  static constexpr LogLimits kLimits{.memory_bytes = 512U << 10U, .segment_bytes = 64U << 10U};

  void open() {
    publisher_.reset();
    publisher_ = std::make_unique<Publisher>(loop_, resolver_, log_lines_, kLimits);
    const auto opened = publisher_->open_spool(options_, io_);
    ASSERT_TRUE(opened) << opened.error().text;
  }
  static EndpointConfig config(const Peer& peer, const std::string& name = "e") {
    return {.name = name,
            .url = peer.url(),
            .back_off_min = 1ms,
            .back_off_max = 20ms,
            .heartbeat = {}};
  }
  Endpoint& endpoint() const { return *publisher_->endpoints()[0]; }
  void publish(std::uint64_t count, std::size_t padding = 0) {
    for (std::uint64_t i = 0; i < count; ++i) {
      ASSERT_TRUE(publisher_->publish(test::numbered_frame(number_++, 0, padding)));
      if (i % 100 == 99) loop_.run_ready();
    }
    loop_.run_ready();
  }
  /// Turns the loop until `holds`, at most twenty seconds.
  template <typename Predicate>
  [[nodiscard]] bool until(Predicate holds) {
    bool late = false;
    loop::Timer deadline(loop_, [&] { late = true; });
    deadline.start(20s);
    loop::Timer look(loop_, [] {});
    while (!holds() && !late) {
      look.start(1ms);
      loop_.run_once();
    }
    return !late;
  }
  [[nodiscard]] bool all_arrives(Peer& peer, std::uint64_t count) {
    return until([&] {
      peer.accept();
      peer.read();
      return peer.numbers().size() >= count && endpoint().ledger().queued == 0;
    });
  }
  static std::uint64_t dropped(const Ledger& ledger, DropReason reason) {
    return ledger.dropped[static_cast<std::size_t>(reason)];
  }
  std::vector<fs::path> segment_files() const {
    std::vector<fs::path> files;
    for (const auto& file : fs::directory_iterator(options_.directory)) {
      if (file.path().extension() == ".seg") files.push_back(file.path());
    }
    std::sort(files.begin(), files.end());
    return files;
  }

  test::TemporaryDirectory parent_;
  SpoolOptions options_{.directory = parent_ / "spool", .max_bytes = 64U << 20U, .sync = 50ms};
  std::shared_ptr<FaultyIo> io_ = std::make_shared<FaultyIo>();
  std::vector<std::string> lines_;
  base::Log log_lines_{[this](base::Level, std::string_view line) { lines_.emplace_back(line); }};
  loop::Loop loop_;
  net::Resolver resolver_{loop_};
  std::unique_ptr<Publisher> publisher_;
  std::uint64_t number_ = 0;
};

TEST_F(PublisherSpoolTest, FramesThatNobodyGotAreThereAfterAKill) {
  Peer away;
  away.stop_listening();
  open();
  publisher_->add(config(away));
  publish(1'000);
  ASSERT_TRUE(until([&] { return fs::exists(options_.directory + "/cursors"); }));
  open();
  Peer peer;
  publisher_->add(config(peer));
  EXPECT_EQ(endpoint().ledger().accepted, 1'000U);
  EXPECT_EQ(endpoint().ledger().queued, 1'000U);
  publish(10);
  ASSERT_TRUE(all_arrives(peer, 1'010));
  EXPECT_EQ(peer.numbers(), numbers_from(0, 1'010));
  const auto ledger = endpoint().ledger();
  EXPECT_EQ(ledger.delivered, 1'010U);
  EXPECT_TRUE(ledger.balances());
}

TEST_F(PublisherSpoolTest, WhatWasDeliveredBeforeAnOrderlyEndIsNotSentAgain) {
  Peer peer;
  open();
  publisher_->add(config(peer));
  publish(500);
  ASSERT_TRUE(all_arrives(peer, 500));
  EXPECT_TRUE(publisher_->close_spool(10s));
  open();
  publisher_->add(config(peer));
  EXPECT_EQ(endpoint().ledger().accepted, 0U);
  publish(5);
  ASSERT_TRUE(all_arrives(peer, 5));
  EXPECT_EQ(peer.numbers(), numbers_from(500, 505));
}

TEST_F(PublisherSpoolTest, WhatMemoryNoLongerHoldsComesFromTheDisk) {
  Peer peer;
  open();
  publisher_->add(config(peer));
  ASSERT_TRUE(until([&] { return peer.accept(); }));
  // More than the sockets hold, and the memory.
  publish(60'000, 200);
  ASSERT_GT(publisher_->log().end(), std::uint64_t{12} << 20U);
  ASSERT_GT(publisher_->log().begin(), endpoint().held_from());
  std::size_t most = 0;
  ASSERT_TRUE(until([&] {
    peer.read();
    most = std::max(most, publisher_->log().memory_bytes());
    return endpoint().ledger().queued == 0;
  }));
  EXPECT_LE(most, kLimits.memory_bytes + (8U << 20U));
  EXPECT_EQ(peer.numbers(), numbers_from(0, 60'000));
  EXPECT_EQ(endpoint().ledger().delivered, 60'000U);
  EXPECT_EQ(endpoint().stats().write_wakeups_empty, 0U);
  std::ifstream maps("/proc/self/maps");
  const std::string mapped((std::istreambuf_iterator<char>(maps)), {});
  EXPECT_EQ(mapped.find(options_.directory), std::string::npos) << "no file is mapped";
  // What nobody needs any more is let go.
  EXPECT_TRUE(until([&] { return segment_files().size() <= 2; }));
}

TEST_F(PublisherSpoolTest, OverTheDisksBudgetTheOldestGoCounted) {
  options_.max_bytes = 1U << 20U;
  Peer away;
  away.stop_listening();
  open();
  publisher_->add(config(away));
  publish(20'000, 200);
  const auto left = endpoint().ledger();
  EXPECT_TRUE(left.balances());
  EXPECT_EQ(left.accepted, 20'000U);
  EXPECT_GT(dropped(left, DropReason::kEvicted), 15'000U);
  EXPECT_GT(left.queued, 3'000U);
  Peer peer;
  publisher_->apply({config(peer)});
  ASSERT_TRUE(all_arrives(peer, left.queued));
  EXPECT_EQ(peer.numbers(), numbers_from(20'000 - left.queued, 20'000));
}

TEST_F(PublisherSpoolTest, ARemovedEndpointThatComesBackGoesOnWhereItWas) {
  Peer away;
  away.stop_listening();
  open();
  publisher_->add(config(away));
  publish(50);
  publisher_->apply({});
  publish(50);
  Peer peer;
  publisher_->apply({config(peer, "other"), config(peer, "e")});
  EXPECT_EQ(publisher_->endpoints()[0]->ledger().queued, 0U);
  EXPECT_EQ(publisher_->endpoints()[1]->ledger().queued, 100U);
}

TEST_F(PublisherSpoolTest, ADiskThatTakesNothingCostsNoFrameThatMemoryHolds) {
  Peer peer;
  open();
  publisher_->add(config(peer));
  ASSERT_TRUE(until([&] { return peer.accept(); }));
  publish(100);
  io_->write_error = io_->open_error = ENOSPC;
  publish(100);
  EXPECT_TRUE(publisher_->spool()->degraded());
  EXPECT_THAT(lines_, Contains(HasSubstr("No space left on device")));
  ASSERT_TRUE(all_arrives(peer, 200));
  io_->write_error = io_->open_error = 0;
  ASSERT_TRUE(until([&] { return !publisher_->spool()->degraded(); }));
  publish(100);
  ASSERT_TRUE(all_arrives(peer, 300));
  EXPECT_EQ(peer.numbers(), numbers_from(0, 300));
  EXPECT_EQ(std::count_if(lines_.begin(), lines_.end(),
                          [](const auto& line) { return line.find("only until") != line.npos; }),
            1);
}

TEST_F(PublisherSpoolTest, ADamagedFileCostsItsOwnFramesAndSaysHowMany) {
  Peer away;
  away.stop_listening();
  open();
  publisher_->add(config(away));
  publish(5'000, 200);
  EXPECT_TRUE(publisher_->close_spool(10s));
  publisher_.reset();
  const auto files = segment_files();
  ASSERT_GT(files.size(), 5U);
  std::fstream file(files[2], std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(4096 + 20'000);
  file << "not what was written";
  file.close();
  open();
  Peer peer;
  publisher_->add(config(peer));
  ASSERT_EQ(endpoint().ledger().accepted, 5'000U);
  ASSERT_TRUE(all_arrives(peer, 1));
  const auto ledger = endpoint().ledger();
  EXPECT_TRUE(ledger.balances());
  EXPECT_GT(dropped(ledger, DropReason::kDamaged), 10U);
  EXPECT_LT(dropped(ledger, DropReason::kDamaged), 300U);
  EXPECT_EQ(ledger.dropped_total(), dropped(ledger, DropReason::kDamaged));
  EXPECT_EQ(peer.numbers().size(), ledger.delivered);
  EXPECT_THAT(lines_, Contains(HasSubstr("is damaged")));
}

TEST_F(PublisherSpoolTest, AFilterHoldsForWhatTheSpoolHeldAtTheStart) {
  Peer away;
  away.stop_listening();
  open();
  publisher_->add(config(away));
  for (int i = 0; i < 3'000; ++i) {
    ASSERT_TRUE(
        publisher_->publish(test::numbered_frame(number_++, static_cast<unsigned>(i % 3), 200)));
  }
  loop_.run_ready();
  EXPECT_TRUE(publisher_->close_spool(10s));
  open();
  Peer peer;
  auto filtered = config(peer);
  const std::vector<std::string> patterns = {"bench *,series=1"};
  filtered.limits.filter = std::get<proto::Filter>(proto::Filter::parse(patterns));
  publisher_->add(filtered);
  ASSERT_TRUE(all_arrives(peer, 1'000));
  const auto numbers = peer.numbers();
  ASSERT_EQ(numbers.size(), 1'000U);
  for (std::size_t i = 0; i < numbers.size(); ++i) ASSERT_EQ(numbers[i], 3 * i + 1);
  EXPECT_EQ(endpoint().ledger().accepted, 1'000U);
}

TEST_F(PublisherSpoolTest, ASecondAgentIsKeptOut) {
  open();
  Publisher second(loop_, resolver_, log_lines_, kLimits);
  const auto opened = second.open_spool(options_);
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().text, HasSubstr(options_.directory));
}

}  // namespace
}  // namespace lariat::publish
