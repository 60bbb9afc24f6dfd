#include "agent/publish/frame_log.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "tests/support/frames.h"

namespace lariat::publish {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::numbered_frame;

constexpr base::WallTime kStart{milliseconds(1'700'000'000'000)};

class FrameLogTest : public testing::Test {
 protected:
  static constexpr LogLimits kLimits{.memory_bytes = 16'384 + 4'096, .segment_bytes = 4'096};

  void append(std::uint64_t count, base::WallTime time = kStart) {
    for (std::uint64_t i = 0; i < count; ++i) {
      starts_.push_back(log_.end());
      ASSERT_TRUE(log_.append(numbered_frame(starts_.size() - 1, 0, starts_.size() % 50), time));
    }
  }
  std::vector<std::byte> bytes(std::uint64_t from, std::uint64_t limit) {
    std::array<iovec, 64> spans;
    const auto count = log_.read(from, limit, spans, 1U << 20U);
    std::vector<std::byte> all;
    for (std::size_t i = 0; i < count; ++i) {
      const auto* first = static_cast<const std::byte*>(spans[i].iov_base);
      all.insert(all.end(), first, first + spans[i].iov_len);
    }
    return all;
  }

  FrameLog log_{kLimits};
  std::vector<std::uint64_t> starts_;  // Of each frame ever appended.
};

TEST_F(FrameLogTest, HoldsFramesInOrderWithoutAGap) {
  append(100);
  EXPECT_EQ(log_.end_sequence(), 100U);
  const auto numbers = test::numbers_in(bytes(0, log_.end()));
  ASSERT_EQ(numbers.size(), 100U);
  for (std::uint64_t i = 0; i < 100; ++i) EXPECT_EQ(numbers[i], i);
}

TEST_F(FrameLogTest, FindsTheFrameOfEveryByte) {
  append(150);
  ASSERT_EQ(log_.begin(), 0U);
  for (std::uint64_t i = 0; i < 150; ++i) {
    const auto end = i + 1 < 150 ? starts_[i + 1] : log_.end();
    for (auto position = starts_[i]; position < end; ++position) {
      ASSERT_EQ(log_.frame_at(position), (FramePlace{starts_[i], i})) << position;
    }
    EXPECT_EQ(log_.frame_from(starts_[i] + 1), (FramePlace{end, i + 1}));
    EXPECT_EQ(log_.frame(starts_[i]).size(), end - starts_[i]);
  }
  EXPECT_EQ(log_.frame_at(log_.end()), (FramePlace{log_.end(), 150}));
}

TEST_F(FrameLogTest, DropsWholeSegmentsOverItsBudgetAndTellsBefore) {
  std::vector<std::uint64_t> told;
  log_.on_evict([&](std::uint64_t end) {
    EXPECT_LT(log_.begin(), end) << "the bytes are still there";
    EXPECT_EQ(test::numbers_in(bytes(log_.begin(), end)).back() + 1, log_.frame_at(end).sequence);
    told.push_back(end);
  });
  append(1000);
  EXPECT_LE(log_.memory_bytes(), kLimits.memory_bytes);
  ASSERT_FALSE(told.empty());
  EXPECT_EQ(told.back(), log_.begin());
  EXPECT_EQ(starts_[log_.begin_sequence()], log_.begin());
}

TEST_F(FrameLogTest, RecyclesWhatIsReleasedButNeverTheOpenSegment) {
  append(150);
  const auto segments = log_.segments();
  ASSERT_GT(segments, 2U);
  const auto second = log_.segment_at(0).end();
  log_.release(second - 1);
  EXPECT_EQ(log_.begin(), 0U) << "a segment goes whole or not at all";
  log_.release(second);
  EXPECT_EQ(log_.begin(), second);
  log_.release(log_.end());
  EXPECT_EQ(log_.segments(), 1U);
  append(1);
  EXPECT_EQ(log_.frame_at(starts_.back()).sequence, 150U);
}

TEST_F(FrameLogTest, RefusesAFrameThatFitsNoSegment) {
  EXPECT_FALSE(log_.append(std::vector<std::byte>(4'097), kStart));
  EXPECT_EQ(log_.end(), 0U);
}

TEST_F(FrameLogTest, KnowsTheSecondOfEachFrame) {
  append(10, kStart);
  append(10, kStart + milliseconds(400));
  append(10, kStart + seconds(5));
  EXPECT_EQ(log_.time_at(starts_[15]), kStart);
  EXPECT_EQ(log_.time_at(starts_[20]), kStart + seconds(5));
  EXPECT_EQ(log_.first_after(kStart), starts_[20]);
  EXPECT_EQ(log_.first_after(kStart - seconds(1)), 0U);
  EXPECT_EQ(log_.first_after(kStart + seconds(5)), log_.end());
}

TEST_F(FrameLogTest, AClockThatIsSetBackMakesNoFrameYoungerThanItsElders) {
  append(5, kStart);
  append(5, kStart - seconds(3600));
  EXPECT_EQ(log_.time_at(starts_[7]), kStart);
}

TEST_F(FrameLogTest, AClockThatIsSetBackCostsNoMarkForEachFrame) {
  append(1, kStart);
  const auto before = log_.memory_bytes() / log_.segments();
  append(140, kStart - seconds(3600));
  EXPECT_EQ(log_.memory_bytes() / log_.segments(), before);
  EXPECT_EQ(log_.time_at(starts_[140]), kStart) << "over the end of a segment too";
}

TEST_F(FrameLogTest, ASmallerBudgetEvictsTheOldestAtOnceAndTellsBefore) {
  append(150);
  const auto segments = log_.segments();
  ASSERT_GE(segments, 3U);
  std::vector<std::uint64_t> told;
  log_.on_evict([&](std::uint64_t end) {
    EXPECT_EQ(log_.segment_at(log_.begin()).end(), end) << "the bytes are still there";
    told.push_back(end);
  });
  const LogLimits smaller{.memory_bytes = kLimits.memory_bytes / 2, .segment_bytes = 4'096};
  log_.set_limits(smaller);
  EXPECT_LE(log_.memory_bytes(), smaller.memory_bytes);
  EXPECT_EQ(told.size(), segments - log_.segments());
  EXPECT_EQ(told.back(), log_.begin());
  const auto numbers = test::numbers_in(bytes(log_.begin(), log_.end()));
  EXPECT_EQ(numbers.front(), log_.begin_sequence());
  EXPECT_EQ(numbers.back(), 149U);
  append(500);
  EXPECT_LE(log_.memory_bytes(), smaller.memory_bytes);
}

TEST_F(FrameLogTest, ABudgetBelowOneSegmentKeepsTheOpenOne) {
  append(150);
  const auto open = log_.segment_at(log_.end()).position();
  log_.set_limits({.memory_bytes = 1, .segment_bytes = 4'096});
  EXPECT_EQ(log_.segments(), 1U);
  EXPECT_EQ(log_.begin(), open);
}

TEST_F(FrameLogTest, ALargerBudgetHoldsMore) {
  append(1'000);
  const auto held = log_.end() - log_.begin();
  log_.set_limits({.memory_bytes = 2 * kLimits.memory_bytes, .segment_bytes = 4'096});
  append(1'000);
  EXPECT_GT(log_.end() - log_.begin(), held + held / 2);
  EXPECT_LE(log_.memory_bytes(), 2 * kLimits.memory_bytes);
}

TEST_F(FrameLogTest, SegmentsOfDifferentSizesHoldOneStream) {
  append(100);
  const auto before = log_.segments();
  log_.set_limits({.memory_bytes = 1U << 20U, .segment_bytes = 16'384});
  append(300);
  log_.set_limits({.memory_bytes = 1U << 20U, .segment_bytes = 8'192});
  append(300);
  ASSERT_EQ(log_.begin(), 0U);
  EXPECT_GT(log_.segments(), before + 2);
  EXPECT_EQ(test::numbers_in(bytes(0, log_.end())).size(), 700U);
  for (std::uint64_t i = 0; i < 700; ++i) {
    ASSERT_EQ(log_.frame_at(starts_[i] + 1), (FramePlace{starts_[i], i}));
  }
}

TEST_F(FrameLogTest, SparesOfAnotherSizeAreGivenBack) {
  append(150);
  log_.release(log_.end());
  const auto with_spares = log_.memory_bytes();
  log_.set_limits({.memory_bytes = 1U << 20U, .segment_bytes = 8'192});
  EXPECT_EQ(log_.segments(), 1U);
  EXPECT_LT(log_.memory_bytes(), with_spares - 4'096);
  const auto open = log_.memory_bytes();
  append(150);  // More than the open segment holds.
  ASSERT_GT(log_.segments(), 1U);
  log_.release(log_.end());
  EXPECT_GT(log_.memory_bytes(), 8'192U) << "the old one is no spare, the new ones are";
  EXPECT_GT(log_.memory_bytes(), open);
}

TEST_F(FrameLogTest, AnEmptySegmentTooSmallForAFrameIsReplaced) {
  log_.set_limits({.memory_bytes = 1U << 20U, .segment_bytes = 65'536});
  ASSERT_TRUE(log_.append(std::vector<std::byte>(5'000), kStart));
  EXPECT_EQ(log_.segments(), 1U);
  EXPECT_EQ(log_.begin(), 0U);
  EXPECT_EQ(bytes(0, log_.end()).size(), 5'000U);
}

TEST_F(FrameLogTest, ReadsNoFurtherThanItIsAllowed) {
  append(150);
  std::array<iovec, 2> two;
  ASSERT_EQ(log_.read(10, log_.end(), two, 1U << 20U), 2U);
  EXPECT_EQ(two[0].iov_len, log_.segment_at(0).end() - 10);
  ASSERT_EQ(log_.read(10, log_.end(), two, 7), 1U);
  EXPECT_EQ(two[0].iov_len, 7U);
  ASSERT_EQ(log_.read(10, 12, two, 1U << 20U), 1U);
  EXPECT_EQ(two[0].iov_len, 2U);
  EXPECT_EQ(log_.read(log_.end(), log_.end(), two, 1U << 20U), 0U);
}

}  // namespace
}  // namespace lariat::publish
