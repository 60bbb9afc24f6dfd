// The lanes of a cursor that sends what is fresh first.

#include "agent/publish/spooled_cursor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <numeric>
#include <vector>

#include "tests/support/frames.h"

namespace lariat::publish {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;

/// A log in memory, and a cursor whose peer acknowledges when the test says so.
class LanesTest : public testing::Test {
 protected:
  static constexpr std::size_t kFrame = 100;

  /// Frames of `kFrame` octets.
  void append(std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) {
      constexpr std::size_t kSome = 20;
      const auto size = test::numbered_frame(number_, 0, kSome).size();
      const auto frame = test::numbered_frame(number_++, 0, kSome + kFrame - size);
      ASSERT_EQ(frame.size(), kFrame);
      ASSERT_TRUE(log_.append(frame, now_));
    }
    cursor_.judge();
  }
  void connect() {
    cursor_.begin_connection(now_);
    sent_.clear();
  }
  /// An outage in which so many frames are appended.
  void outage(std::uint64_t count) {
    append(count);
    now_ += kFreshAfter + seconds(2);
    connect();
  }
  void disconnect() { cursor_.end_connection(); }
  /// One write of all that may be sent; the numbers in it, from the first frame that is whole.
  std::vector<std::uint64_t> write() {
    std::array<iovec, 16> spans;
    std::vector<std::byte> bytes;
    const auto count = cursor_.gather(spans, std::size_t{1} << 20U, scratch_);
    for (std::size_t i = 0; i < count; ++i) {
      const auto* first = static_cast<const std::byte*>(spans[i].iov_base);
      bytes.insert(bytes.end(), first, first + spans[i].iov_len);
    }
    cursor_.wrote(bytes.size());
    const auto before = test::numbers_in(sent_).size();
    sent_.insert(sent_.end(), bytes.begin(), bytes.end());
    auto numbers = test::numbers_in(sent_);
    numbers.erase(numbers.begin(), numbers.begin() + static_cast<std::ptrdiff_t>(before));
    return numbers;
  }
  /// All that may be sent now.
  std::vector<std::uint64_t> write_all() {
    std::vector<std::uint64_t> numbers;
    while (cursor_.behind()) {
      const auto more = write();
      numbers.insert(numbers.end(), more.begin(), more.end());
    }
    return numbers;
  }
  void expect_balance() { EXPECT_TRUE(cursor_.ledger(now_).balances()); }

  base::WallTime now_{milliseconds(1'700'000'000'000)};
  FrameLog log_{{.memory_bytes = 1U << 20U, .segment_bytes = 64U << 10U}};
  SpooledCursor cursor_{log_, {.fresh_first = true}, std::nullopt};
  std::uint64_t number_ = 0;
  std::vector<std::byte> sent_;
  std::array<std::byte, 4'096> scratch_;
};

TEST_F(LanesTest, AShortAbsenceGoesOnInOrder) {
  append(3);
  now_ += kFreshAfter - seconds(1);
  connect();
  append(1);
  EXPECT_FALSE(cursor_.paced());
  EXPECT_THAT(write_all(), ElementsAre(0, 1, 2, 3));
}

TEST_F(LanesTest, AfterALongOneWhatComesLiveGoesBeforeTheBacklog) {
  outage(3);
  append(2);
  EXPECT_TRUE(cursor_.paced());
  EXPECT_THAT(write_all(), ElementsAre(3, 4));
  EXPECT_FALSE(cursor_.behind()) << "the backlog waits for its share";
  cursor_.allow_backlog(LogReader::kNoPace);
  EXPECT_THAT(write(), ElementsAre(0, 1, 2));
  append(1);
  EXPECT_THAT(write_all(), ElementsAre(5));
  cursor_.acknowledge(cursor_.bytes_written());
  EXPECT_EQ(cursor_.ledger(now_).delivered, 6U);
  EXPECT_TRUE(cursor_.settled());
}

TEST_F(LanesTest, ALiveFrameGoesBetweenTwoFramesOfABacklog) {
  outage(3);
  cursor_.allow_backlog(LogReader::kNoPace);
  std::array<iovec, 16> spans;
  ASSERT_EQ(cursor_.gather(spans, 1'000, scratch_), 1U);
  const auto* first = static_cast<const std::byte*>(spans[0].iov_base);
  sent_.assign(first, first + kFrame / 2);
  cursor_.wrote(kFrame / 2);
  append(1);
  const auto rest = write_all();
  EXPECT_THAT(test::numbers_in(sent_), ElementsAre(0, 3, 1, 2)) << "the cut one first";
}

TEST_F(LanesTest, TheNewestOutageGoesFirstAndEachInOrder) {
  outage(2);
  disconnect();
  outage(3);
  disconnect();
  outage(2);
  append(1);
  cursor_.allow_backlog(LogReader::kNoPace);
  EXPECT_THAT(write_all(), ElementsAre(7, 5, 6, 2, 3, 4, 0, 1));
}

TEST_F(LanesTest, WhatWasOnTheWireGoesBackToItsLane) {
  outage(4);
  append(2);
  cursor_.allow_backlog(LogReader::kNoPace);
  EXPECT_THAT(write_all(), ElementsAre(4, 5, 0, 1, 2, 3));
  cursor_.acknowledge(4 * kFrame);
  disconnect();
  expect_balance();
  EXPECT_EQ(cursor_.ledger(now_).queued, 2U);
  connect();
  append(1);
  EXPECT_THAT(write_all(), ElementsAre(6));
  cursor_.allow_backlog(LogReader::kNoPace);
  EXPECT_THAT(write_all(), ElementsAre(2, 3));
  EXPECT_EQ(cursor_.ledger(now_).resent, 2U);
  expect_balance();
}

TEST_F(LanesTest, ABacklogGoesAsFarAsItIsAllowed) {
  outage(100);
  EXPECT_THAT(write_all(), ElementsAre());
  cursor_.allow_backlog(static_cast<std::int64_t>(5 * kFrame + 10));
  EXPECT_THAT(write_all(), ElementsAre(0, 1, 2, 3, 4, 5)) << "a frame that is cut is finished";
  EXPECT_TRUE(cursor_.paced());
  // The rest of it was borrowed.
  cursor_.allow_backlog(static_cast<std::int64_t>(kFrame - 10));
  EXPECT_TRUE(cursor_.paced());
  for (int i = 0; i < 10; ++i) cursor_.allow_backlog(static_cast<std::int64_t>(2 * kFrame));
  EXPECT_THAT(write_all(), ElementsAre(6, 7)) << "what is not used is not saved up";
}

TEST_F(LanesTest, WithSixteenOutagesTheNextIsInOrder) {
  for (std::size_t i = 0; i < kMaxBacklog; ++i) {
    outage(1);
    disconnect();
  }
  outage(2);
  append(1);
  EXPECT_THAT(write_all(), ElementsAre(kMaxBacklog, kMaxBacklog + 1, kMaxBacklog + 2));
  EXPECT_EQ(cursor_.state().lanes.size(), kMaxBacklog + 1);
  cursor_.allow_backlog(LogReader::kNoPace);
  const auto rest = write_all();
  EXPECT_EQ(rest.size(), kMaxBacklog);
  EXPECT_EQ(rest.front(), kMaxBacklog - 1);
  cursor_.acknowledge(cursor_.bytes_written());
  disconnect();
  outage(1);
  EXPECT_EQ(cursor_.state().lanes.size(), 2U) << "what was sent makes room";
}

TEST_F(LanesTest, InTheOtherOrderAllIsSentAsItCame) {
  outage(2);
  disconnect();
  outage(2);
  append(1);
  EXPECT_THAT(write(), ElementsAre(4));
  cursor_.change_limits({}, now_);
  EXPECT_THAT(write_all(), ElementsAre(0, 1, 2, 3));
  cursor_.acknowledge(2 * kFrame);
  disconnect();
  connect();
  EXPECT_THAT(write_all(), ElementsAre(1, 2, 3));
  expect_balance();
}

TEST_F(LanesTest, OverItsLagTheOldestOfAllLanesGoes) {
  outage(4);
  disconnect();
  outage(4);
  cursor_.change_limits({.max_bytes = 5 * kFrame, .fresh_first = true}, now_);
  EXPECT_EQ(cursor_.ledger(now_).queued, 5U);
  append(1);
  cursor_.enforce_limits(now_);
  const auto ledger = cursor_.ledger(now_);
  EXPECT_EQ(ledger.queued, 5U);
  EXPECT_EQ(ledger.dropped_total(), 4U);
  cursor_.allow_backlog(LogReader::kNoPace);
  EXPECT_THAT(write_all(), ElementsAre(8, 4, 5, 6, 7));
}

TEST_F(LanesTest, WhatIsTooOldGoesFromABacklogToo) {
  outage(4);
  disconnect();
  outage(4);
  const auto away = kFreshAfter + seconds(2);
  cursor_.change_limits({.max_age = away + seconds(2), .fresh_first = true}, now_);
  cursor_.allow_backlog(LogReader::kNoPace);
  EXPECT_THAT(write_all(), ElementsAre(4, 5, 6, 7));
  EXPECT_EQ(cursor_.ledger(now_).dropped[static_cast<std::size_t>(DropReason::kExpired)], 4U);
  expect_balance();
}

TEST_F(LanesTest, TheMemoryThatGoesIsDroppedFromTheLaneThatHeldIt) {
  log_.on_evict([this](std::uint64_t end) { cursor_.evict_before(end); });
  outage(100);
  for (int i = 0; i < 20; ++i) {
    append(1'000);
    write_all();
    cursor_.acknowledge(cursor_.bytes_written());
    expect_balance();
  }
  const auto ledger = cursor_.ledger(now_);
  EXPECT_EQ(ledger.dropped[static_cast<std::size_t>(DropReason::kEvicted)], 100U);
  EXPECT_EQ(ledger.delivered, 20'000U);
  EXPECT_TRUE(cursor_.settled());
}

}  // namespace
}  // namespace lariat::publish
