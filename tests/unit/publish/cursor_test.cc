#include "agent/publish/cursor.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <variant>
#include <vector>

#include "tests/support/frames.h"

namespace lariat::publish {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr base::WallTime kStart{milliseconds(1'700'000'000'000)};

class CursorTest : public testing::Test {
 protected:
  void append(std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) {
      const auto frame = test::numbered_frame(number_++);
      frame_bytes_ = frame.size();
      ASSERT_TRUE(log_.append(frame, now_));
    }
  }
  /// Writes up to `most` bytes, and says which.
  std::vector<std::byte> write(Cursor& cursor, std::size_t most) {
    std::array<iovec, 8> spans;
    std::array<std::byte, 4096> scratch;
    std::vector<std::byte> bytes;
    const auto count = cursor.gather(spans, most, scratch);
    for (std::size_t i = 0; i < count; ++i) {
      const auto* first = static_cast<const std::byte*>(spans[i].iov_base);
      bytes.insert(bytes.end(), first, first + spans[i].iov_len);
    }
    bytes.resize(std::min(bytes.size(), most));
    cursor.wrote(bytes.size());
    return bytes;
  }
  static std::uint64_t dropped(const Ledger& ledger, DropReason reason) {
    return ledger.dropped[static_cast<std::size_t>(reason)];
  }

  static proto::Filter only_series(unsigned series) {
    const std::vector<std::string> patterns = {"bench series=" + std::to_string(series)};
    return std::get<proto::Filter>(proto::Filter::parse(patterns));
  }
  void append_of_series(unsigned series) {
    ASSERT_TRUE(log_.append(test::numbered_frame(number_++, series), now_));
  }

  FrameLog log_{{.memory_bytes = 16'384, .segment_bytes = 4'096}};
  base::WallTime now_ = kStart;
  std::uint64_t number_ = 0;
  std::size_t frame_bytes_ = 0;
};

TEST_F(CursorTest, BeginsWhereItIsTold) {
  append(5);
  EXPECT_EQ(Cursor(log_, {.start = Start::kEnd}).ledger(now_).accepted, 0U);
  EXPECT_EQ(Cursor(log_, {.start = Start::kBegin}).ledger(now_).queued, 5U);
}

TEST_F(CursorTest, AFrameThatNobodyIsConnectedForIsAcceptedAndQueued) {
  Cursor cursor(log_, {});
  append(3);
  cursor.judge();
  const auto ledger = cursor.ledger(now_ + seconds(7));
  EXPECT_EQ(ledger.accepted, 3U);
  EXPECT_EQ(ledger.queued, 3U);
  EXPECT_EQ(ledger.bytes_queued, log_.end());
  EXPECT_EQ(ledger.bytes_in_flight, 0U);
  EXPECT_EQ(ledger.oldest_age, seconds(7));
}

TEST_F(CursorTest, SentIsNotDelivered) {
  Cursor cursor(log_, {});
  append(4);
  cursor.judge();
  cursor.begin_connection({});
  write(cursor, 1'000);
  EXPECT_FALSE(cursor.behind());
  EXPECT_EQ(cursor.ledger(now_).delivered, 0U);
  EXPECT_EQ(cursor.ledger(now_).bytes_in_flight, 4 * frame_bytes_);
  cursor.acknowledge(2 * frame_bytes_ + 1);
  EXPECT_EQ(cursor.ledger(now_).delivered, 2U) << "the third frame is not wholly there";
  cursor.acknowledge(4 * frame_bytes_);
  EXPECT_EQ(cursor.ledger(now_).delivered, 4U);
  EXPECT_TRUE(cursor.settled());
}

TEST_F(CursorTest, AFrameCutByADyingConnectionGoesOutAgainWhole) {
  Cursor cursor(log_, {});
  append(3);
  cursor.judge();
  cursor.begin_connection({});
  write(cursor, frame_bytes_ + 5);
  cursor.acknowledge(frame_bytes_ + 5);
  cursor.end_connection();
  EXPECT_EQ(cursor.ledger(now_).resent, 0U) << "not yet";
  cursor.begin_connection({});
  EXPECT_EQ(test::numbers_in(write(cursor, 1'000)), (std::vector<std::uint64_t>{1, 2}));
  EXPECT_EQ(cursor.ledger(now_).resent, 1U);
  EXPECT_EQ(cursor.ledger(now_).delivered, 1U);
}

TEST_F(CursorTest, TheRestOfACutFrameOutlivesItsSegment) {
  Cursor cursor(log_, {});
  log_.on_evict([&](std::uint64_t end) { cursor.evict_before(end); });
  append(2);
  cursor.judge();
  cursor.begin_connection({});
  auto wire = write(cursor, frame_bytes_ + 7);
  append(1'000);
  cursor.judge();
  ASSERT_GT(log_.begin(), 0U);
  const auto first_held = log_.begin_sequence();
  while (cursor.behind()) {
    const auto more = write(cursor, 3'000);
    wire.insert(wire.end(), more.begin(), more.end());
  }
  const auto numbers = test::numbers_in(wire);
  ASSERT_GE(numbers.size(), 3U);
  EXPECT_EQ(numbers[0], 0U);
  EXPECT_EQ(numbers[1], 1U) << "the frame that was cut";
  EXPECT_EQ(numbers[2], first_held);
  cursor.acknowledge(wire.size());
  const auto ledger = cursor.ledger(now_);
  EXPECT_EQ(ledger.delivered, numbers.size());
  EXPECT_EQ(dropped(ledger, DropReason::kEvicted), first_held - 2);
  EXPECT_TRUE(ledger.balances());
}

TEST_F(CursorTest, AFrameInFlightIsLostOnlyWhenItsConnectionDiesAfterItsSegment) {
  Cursor cursor(log_, {});
  log_.on_evict([&](std::uint64_t end) { cursor.evict_before(end); });
  append(2);
  cursor.judge();
  cursor.begin_connection({});
  write(cursor, 2 * frame_bytes_);
  append(1'000);
  cursor.judge();
  auto ledger = cursor.ledger(now_);
  const auto before = dropped(ledger, DropReason::kEvicted);
  EXPECT_EQ(before, log_.begin_sequence() - 2) << "the two in flight are not dropped";
  cursor.acknowledge(frame_bytes_);
  cursor.end_connection();
  ledger = cursor.ledger(now_);
  EXPECT_EQ(ledger.delivered, 1U);
  EXPECT_EQ(dropped(ledger, DropReason::kEvicted), before + 1);
  EXPECT_TRUE(ledger.balances());
}

TEST_F(CursorTest, ControlMessagesComeBetweenFramesAndCountWhatWasBefore) {
  Cursor cursor(log_, {});
  append(3);
  cursor.judge();
  cursor.begin_connection({});
  EXPECT_EQ(cursor.messages_before_control(), 0U);
  auto wire = write(cursor, frame_bytes_ + 3);
  EXPECT_EQ(cursor.messages_before_control(), 2U);
  std::array<std::byte, proto::kHeartbeatSize> beat;
  proto::encode_heartbeat(beat, 0, 2);
  cursor.add_control(beat);
  while (cursor.behind()) {
    const auto more = write(cursor, 10);
    wire.insert(wire.end(), more.begin(), more.end());
  }
  EXPECT_EQ(test::numbers_in(wire), (std::vector<std::uint64_t>{0, 1, 2}));
  EXPECT_EQ(wire.size(), 3 * frame_bytes_ + beat.size());
  cursor.acknowledge(wire.size());
  EXPECT_EQ(cursor.ledger(now_).delivered, 3U);
}

TEST_F(CursorTest, OverItsLagTheOldestUnsentFramesAreFull) {
  append(1);
  Cursor cursor(log_, {.max_bytes = 10 * frame_bytes_});
  append(25);
  cursor.judge();
  cursor.enforce_limits(now_);
  const auto ledger = cursor.ledger(now_);
  EXPECT_EQ(dropped(ledger, DropReason::kFull), 15U);
  EXPECT_EQ(ledger.queued, 10U);
}

TEST_F(CursorTest, MeasuresItsLagFromTheEndOfALogThatHasGrownMeanwhile) {
  Cursor cursor(log_, {.max_bytes = 400});
  log_.on_evict([&](std::uint64_t end) { cursor.evict_before(end); });
  append(10);
  cursor.judge();
  append(100);
  cursor.enforce_limits(now_);  // Not judged since.
  const auto ledger = cursor.ledger(now_);
  EXPECT_EQ(ledger.accepted, 110U);
  EXPECT_LE(ledger.bytes_queued, 400U);
  EXPECT_TRUE(ledger.balances());
}

TEST_F(CursorTest, ExpiresWhatIsOlderThanItsAgeAndNothingYounger) {
  Cursor cursor(log_, {.max_age = milliseconds(10'000)});
  append(4);
  now_ += seconds(6);
  append(3);
  cursor.judge();
  cursor.enforce_limits(kStart + seconds(10));
  EXPECT_EQ(cursor.ledger(now_).queued, 7U);
  cursor.enforce_limits(kStart + seconds(11));
  EXPECT_EQ(dropped(cursor.ledger(now_), DropReason::kExpired), 4U);
  cursor.enforce_limits(kStart + seconds(17));
  EXPECT_EQ(dropped(cursor.ledger(now_), DropReason::kExpired), 7U);
}

TEST_F(CursorTest, AFilterThatNothingMoreOfPassesHoldsNothingBack) {
  const std::vector<std::string> patterns = {"bench series=0"};
  Cursor cursor(log_, {.filter = std::get<proto::Filter>(proto::Filter::parse(patterns))});
  append(1);
  cursor.judge();
  cursor.begin_connection({});
  write(cursor, 1'000);
  cursor.acknowledge(cursor.bytes_written());
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(log_.append(test::numbered_frame(0, 1), now_));
  cursor.judge();
  EXPECT_TRUE(cursor.settled());
  EXPECT_EQ(cursor.held_from(), log_.end());
}

TEST_F(CursorTest, HoldsTheLogBackOnlyForWhatIsNotAcknowledged) {
  Cursor cursor(log_, {});
  append(4);
  cursor.judge();
  EXPECT_EQ(cursor.held_from(), 0U);
  cursor.begin_connection({});
  write(cursor, 1'000);
  cursor.acknowledge(2 * frame_bytes_);
  EXPECT_EQ(cursor.held_from(), 2 * frame_bytes_);
  cursor.acknowledge(4 * frame_bytes_);
  EXPECT_EQ(cursor.held_from(), log_.end());
}

TEST_F(CursorTest, AChangedFilterHoldsForWhatIsAppendedAfterwards) {
  Cursor cursor(log_, {});
  append_of_series(0);
  append_of_series(1);  // Not judged yet when the filter comes.
  cursor.change_limits({.filter = only_series(1)}, now_);
  append_of_series(0);
  append_of_series(1);
  cursor.judge();
  EXPECT_EQ(cursor.ledger(now_).accepted, 3U);
  EXPECT_EQ(cursor.ledger(now_).queued, 3U);
  cursor.change_limits({}, now_);
  append_of_series(0);
  cursor.judge();
  EXPECT_EQ(cursor.ledger(now_).accepted, 4U);

  cursor.begin_connection({});
  std::vector<std::byte> wire;
  while (cursor.behind()) {
    const auto more = write(cursor, 30);
    wire.insert(wire.end(), more.begin(), more.end());
    cursor.acknowledge(wire.size());
    EXPECT_TRUE(cursor.ledger(now_).balances());
  }
  EXPECT_EQ(test::numbers_in(wire), (std::vector<std::uint64_t>{0, 1, 3, 4}));
  EXPECT_EQ(cursor.ledger(now_).delivered, 4U);
  EXPECT_TRUE(cursor.settled());
}

TEST_F(CursorTest, WhatWasOnTheWireBeforeAFilterCountsAsBefore) {
  Cursor cursor(log_, {});
  append(4);
  cursor.judge();
  cursor.begin_connection({});
  write(cursor, 2 * frame_bytes_ + 5);
  cursor.acknowledge(frame_bytes_ + 1);
  cursor.change_limits({.filter = only_series(9)}, now_);
  auto ledger = cursor.ledger(now_);
  EXPECT_EQ(ledger.delivered, 1U);
  EXPECT_EQ(ledger.queued, 3U);
  EXPECT_EQ(cursor.messages_before_control(), 3U);
  write(cursor, 1'000);
  cursor.acknowledge(cursor.bytes_written());
  EXPECT_EQ(cursor.bytes_written(), 4 * frame_bytes_);
  ledger = cursor.ledger(now_);
  EXPECT_EQ(ledger.delivered, 4U);
  EXPECT_EQ(ledger.queued, 0U);
  append(5);
  cursor.judge();
  EXPECT_TRUE(cursor.settled()) << "none of them passes";
}

TEST_F(CursorTest, AfterAChangeOfFilterNothingAcknowledgedHoldsTheLogBack) {
  Cursor cursor(log_, {});
  append(1);
  cursor.judge();
  cursor.begin_connection({});
  write(cursor, 1'000);
  cursor.acknowledge(cursor.bytes_written());
  cursor.change_limits({.filter = only_series(9)}, now_);
  append(50);
  cursor.judge();
  EXPECT_EQ(cursor.held_from(), log_.end());
}

TEST_F(CursorTest, WithoutAFilterAndItsLastFrameSpansOfTheLogGoOutUncopied) {
  Cursor cursor(log_, {.filter = only_series(0)});
  append(2);
  cursor.judge();
  cursor.begin_connection({});
  cursor.change_limits({}, now_);
  append(3);
  cursor.judge();
  std::array<iovec, 8> spans;
  std::array<std::byte, 4096> scratch;
  ASSERT_EQ(cursor.gather(spans, 1'000, scratch), 1U);
  EXPECT_EQ(spans[0].iov_base, scratch.data()) << "the filter's frames are still there";
  write(cursor, 3 * frame_bytes_);
  cursor.acknowledge(2 * frame_bytes_);
  ASSERT_EQ(cursor.gather(spans, 1'000, scratch), 1U);
  EXPECT_EQ(spans[0].iov_base, log_.frame(3 * frame_bytes_).data());
  EXPECT_EQ(cursor.messages_before_control(), 3U);
  write(cursor, 1'000);
  cursor.acknowledge(cursor.bytes_written());
  EXPECT_EQ(cursor.ledger(now_).delivered, 5U);
}

TEST_F(CursorTest, SmallerLimitsDropAtOnceWithTheirReasons) {
  Cursor cursor(log_, {});
  append(10);
  now_ += seconds(60);
  append(20);
  cursor.judge();
  cursor.change_limits({.max_age = milliseconds(10'000)}, now_);
  EXPECT_EQ(dropped(cursor.ledger(now_), DropReason::kExpired), 10U);
  cursor.change_limits({.max_bytes = 5 * frame_bytes_}, now_);
  const auto ledger = cursor.ledger(now_);
  EXPECT_EQ(dropped(ledger, DropReason::kFull), 15U);
  EXPECT_EQ(ledger.queued, 5U);
  EXPECT_TRUE(ledger.balances());
}

}  // namespace
}  // namespace lariat::publish
