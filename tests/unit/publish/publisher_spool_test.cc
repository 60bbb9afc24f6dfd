#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "agent/publish/spooled_cursor.h"
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

TEST_F(PublisherSpoolTest, NothingIsSentBeforeItIsOnDisk) {
  options_.segment_bytes = kLimits.segment_bytes;
  auto opened = Spool::open(options_, {}, loop_, io_);
  ASSERT_TRUE(opened) << opened.error().text;
  FrameLog log(kLimits);
  log.attach(**opened);
  const std::vector<std::string> patterns = {"bench *"};
  const CursorLimits filtered{.filter = std::get<proto::Filter>(proto::Filter::parse(patterns))};
  SpooledCursor all(log, {}, std::nullopt);
  SpooledCursor some(log, filtered, std::nullopt);
  for (const auto written : {10U, 20U}) {
    for (; number_ < written; ++number_) {
      ASSERT_TRUE(log.append(test::numbered_frame(number_, 0, 0), base::wall_now()));
    }
    for (auto* cursor : {&all, &some}) {
      cursor->judge();
      EXPECT_EQ(cursor->ledger(base::wall_now()).queued, written - 10);
    }
    log.write_through(base::wall_now());
    for (auto* cursor : {&all, &some}) {
      cursor->judge();
      EXPECT_EQ(cursor->ledger(base::wall_now()).queued, written);
    }
  }
}

class PublisherSpoolFilterTest : public PublisherSpoolTest {
 protected:
  static EndpointConfig filtered(const Peer& peer, unsigned series) {
    auto filtered = config(peer);
    const std::vector<std::string> patterns = {"bench *,series=" + std::to_string(series)};
    filtered.limits.filter = std::get<proto::Filter>(proto::Filter::parse(patterns));
    return filtered;
  }
  void publish_in_turn(int count) {
    for (int i = 0; i < count; ++i) {
      ASSERT_TRUE(
          publisher_->publish(test::numbered_frame(number_++, static_cast<unsigned>(i % 3), 200)));
    }
    loop_.run_ready();
  }
};

TEST_F(PublisherSpoolFilterTest, ItsAccountIsWholeFromTheStartOn) {
  Peer away;
  away.stop_listening();
  open();
  publisher_->add(filtered(away, 1));
  publish_in_turn(3'000);
  EXPECT_TRUE(publisher_->close_spool(10s));
  open();
  Peer peer;
  publisher_->add(filtered(peer, 1));
  EXPECT_EQ(endpoint().ledger().accepted, 1'000U);
  EXPECT_EQ(endpoint().ledger().queued, 1'000U);
  ASSERT_TRUE(all_arrives(peer, 1'000));
  const auto numbers = peer.numbers();
  ASSERT_EQ(numbers.size(), 1'000U);
  for (std::size_t i = 0; i < numbers.size(); ++i) ASSERT_EQ(numbers[i], 3 * i + 1);
  EXPECT_EQ(endpoint().ledger().accepted, 1'000U);
}

TEST_F(PublisherSpoolFilterTest, AnotherOneHoldsForWhatIsAppendedAfterTheStart) {
  Peer away;
  away.stop_listening();
  open();
  publisher_->add(filtered(away, 1));
  publish_in_turn(30);
  EXPECT_TRUE(publisher_->close_spool(10s));
  open();
  Peer peer;
  publisher_->add(filtered(peer, 2));
  publish_in_turn(30);
  ASSERT_TRUE(all_arrives(peer, 20));
  std::vector<std::uint64_t> expected;
  for (std::uint64_t n = 0; n < 30; ++n) {
    if (n % 3 == 1) expected.push_back(n);
  }
  for (std::uint64_t n = 30; n < 60; ++n) {
    if (n % 3 == 2) expected.push_back(n);
  }
  EXPECT_EQ(peer.numbers(), expected);
}

TEST_F(PublisherSpoolFilterTest, WhatNobodyHasJudgedIsCountedSoonAfterTheStart) {
  open();
  publish_in_turn(9'000);
  EXPECT_TRUE(publisher_->close_spool(10s));
  open();
  Peer away;
  away.stop_listening();
  auto begin = filtered(away, 0);
  begin.limits.start = Start::kBegin;
  publisher_->add(begin);
  EXPECT_TRUE(endpoint().ledger().balances());
  EXPECT_TRUE(until([&] { return endpoint().ledger().accepted == 3'000; }));
  EXPECT_EQ(endpoint().ledger().queued, 3'000U);
}

/// A spool that holds what was appended an hour ago.
class PublisherSpoolBacklogTest : public PublisherSpoolTest {
 protected:
  static constexpr std::uint64_t kOld = 3'000;
  static constexpr std::uint64_t kLast = 100;  // Of those, of another series.
  static constexpr std::size_t kPadding = 900;

  void SetUp() override {
    options_.segment_bytes = kLimits.segment_bytes;
    auto opened = Spool::open(options_, {}, loop_, io_);
    ASSERT_TRUE(opened) << opened.error().text;
    FrameLog log(kLimits);
    log.attach(**opened);
    const auto then = base::wall_now() - 1h;
    for (; number_ < kOld; ++number_) {
      const unsigned series = number_ < kOld - kLast ? 0 : 1;
      ASSERT_TRUE(log.append(test::numbered_frame(number_, series, kPadding), then));
      log.write_through(then);
    }
    EXPECT_TRUE((*opened)->close({}, then, 10s));
  }
  static EndpointConfig fresh(const Peer& peer) {
    auto fresh = config(peer);
    fresh.limits.fresh_first = true;
    fresh.limits.start = Start::kBegin;
    return fresh;
  }
};

TEST_F(PublisherSpoolBacklogTest, WhatComesLiveGoesFirst) {
  open();
  Peer peer;
  publisher_->add(fresh(peer));
  ASSERT_TRUE(until([&] { return endpoint().connected(); }));
  ASSERT_TRUE(peer.accept());
  publish(10);
  ASSERT_TRUE(until([&] {
    peer.read();
    return peer.numbers().size() >= 10;
  }));
  EXPECT_EQ(endpoint().ledger().accepted, kOld + 10);
  auto first = peer.numbers();
  first.resize(10);
  EXPECT_EQ(first, numbers_from(kOld, kOld + 10));
  auto at_once = fresh(peer);
  at_once.catch_up = 0;
  publisher_->apply({at_once});
  ASSERT_TRUE(all_arrives(peer, kOld + 10));
  auto numbers = peer.numbers();
  std::sort(numbers.begin(), numbers.end());
  EXPECT_EQ(numbers, numbers_from(0, kOld + 10)) << "each once";
}

TEST_F(PublisherSpoolBacklogTest, ABacklogIsHeldBackWithoutTheWatcher) {
  open();
  Peer peer;
  publisher_->add(fresh(peer));
  ASSERT_TRUE(until([&] { return endpoint().connected(); }));
  ASSERT_TRUE(peer.accept());
  const auto starts = endpoint().write_watcher().starts;
  EXPECT_TRUE(endpoint().paced());
  EXPECT_FALSE(endpoint().write_watcher().active);
  EXPECT_EQ(endpoint().state(), EndpointState::kBehind);
  // A share of it comes by itself, and it is held back again.
  ASSERT_TRUE(until([&] {
    peer.read();
    return !peer.numbers().empty();
  }));
  EXPECT_TRUE(until([&] { return endpoint().paced(); }));
  EXPECT_EQ(endpoint().stats().write_wakeups_empty, 0U);
  EXPECT_LE(endpoint().write_watcher().starts, starts + 1);
}

TEST_F(PublisherSpoolBacklogTest, WhatIsJudgedWhileConnectedIsSentThoughItsBeginningIsNot) {
  open();
  Peer peer;
  auto filtered = fresh(peer);
  const std::vector<std::string> patterns = {"bench *,series=1"};
  filtered.limits.filter = std::get<proto::Filter>(proto::Filter::parse(patterns));
  filtered.catch_up = 0;
  publisher_->add(filtered);
  ASSERT_TRUE(all_arrives(peer, kLast));
  EXPECT_EQ(peer.numbers(), numbers_from(kOld - kLast, kOld));
  EXPECT_EQ(endpoint().ledger().accepted, kLast);
  EXPECT_EQ(endpoint().stats().write_wakeups_empty, 0U);
}

TEST_F(PublisherSpoolBacklogTest, AnOutageWhoseBeginningDoesNotPassIsSentWhenItIsJudged) {
  options_.segment_bytes = kLimits.segment_bytes;
  auto opened = Spool::open(options_, {}, loop_, io_);
  ASSERT_TRUE(opened) << opened.error().text;
  FrameLog log(kLimits);
  log.attach(**opened);
  const std::vector<std::string> patterns = {"bench *,series=1"};
  SpooledCursor cursor(log,
                       {.filter = std::get<proto::Filter>(proto::Filter::parse(patterns)),
                        .start = Start::kBegin,
                        .fresh_first = true},
                       std::nullopt);
  cursor.begin_connection(base::wall_now());
  int parts = 0;
  while (cursor.judge_more()) ++parts;
  EXPECT_GT(parts, 1) << "more than what is judged at the start";
  EXPECT_TRUE(cursor.paced());
  EXPECT_FALSE(cursor.settled());
  EXPECT_EQ(cursor.ledger(base::wall_now()).queued, kLast);
}

TEST_F(PublisherSpoolBacklogTest, IsLeftToTheNextRunAtTheEnd) {
  open();
  Peer peer;
  publisher_->add(fresh(peer));
  ASSERT_TRUE(until([&] { return endpoint().connected(); }));
  ASSERT_TRUE(peer.accept());
  bool ended = false;
  publisher_->drain(20s, [&](bool all) {
    EXPECT_FALSE(all);
    ended = true;
  });
  const auto began = base::monotonic_now();
  ASSERT_TRUE(until([&] {
    peer.read();
    return ended;
  }));
  EXPECT_LT(base::monotonic_now() - began, 10s) << "nobody waits for what the spool keeps";
  const auto left = endpoint().ledger().queued;
  EXPECT_GT(left, 0U);
  EXPECT_TRUE(publisher_->close_spool(10s));
  open();
  publisher_->add(fresh(peer));
  EXPECT_EQ(endpoint().ledger().accepted, left);
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
