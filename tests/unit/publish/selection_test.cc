#include "agent/publish/selection.h"

#include <gtest/gtest.h>

#include <string>
#include <variant>
#include <vector>

#include "tests/support/frames.h"

namespace lariat::publish {
namespace {

constexpr base::WallTime kNow{std::chrono::milliseconds(1'700'000'000'000)};

proto::Filter filter_of(const std::string& pattern) {
  const std::vector<std::string> patterns = {pattern};
  return std::get<proto::Filter>(proto::Filter::parse(patterns));
}

class SelectionTest : public testing::Test {
 protected:
  void append(std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) {
      starts_.push_back(log_.end());
      const auto number = starts_.size() - 1;
      ASSERT_TRUE(log_.append(test::numbered_frame(number, number % 4), kNow));
    }
  }
  FramePlace end() const { return {log_.end(), log_.end_sequence()}; }

  FrameLog log_{{.memory_bytes = 1U << 20U, .segment_bytes = 4'096}};
  std::vector<std::uint64_t> starts_;
};

TEST_F(SelectionTest, WithoutAFilterCountsAreDifferencesOfSequences) {
  Selection all(log_, std::nullopt);
  append(500);
  EXPECT_EQ(all.judge({0, 0}, end()), (Count{500, log_.end()}));
  EXPECT_EQ(all.count(starts_[7], starts_[400]).frames, 393U);
  EXPECT_EQ(all.skip(starts_[3], log_.end()), starts_[3]);
}

TEST_F(SelectionTest, CountsTheFramesThatPassInAnyStretch) {
  Selection some(log_, filter_of("bench series=1"));
  FramePlace judged{0, 0};
  std::uint64_t passed = 0;
  for (int part = 0; part < 7; ++part) {
    append(91);
    passed += some.judge(judged, end()).frames;
    judged = end();
  }
  EXPECT_EQ(passed, 159U);  // Of 637 every fourth, from number 1 on.
  for (std::size_t from = 0; from < starts_.size(); from += 13) {
    for (std::size_t to = from; to < starts_.size(); to += 29) {
      std::uint64_t expected = 0;
      for (std::size_t i = from; i < to; ++i) expected += i % 4 == 1 ? 1 : 0;
      ASSERT_EQ(some.count(starts_[from], starts_[to]).frames, expected) << from << " " << to;
    }
  }
}

TEST_F(SelectionTest, SkipsToTheNextFrameThatPasses) {
  Selection some(log_, filter_of("bench series=3"));
  append(400);
  some.judge({0, 0}, end());
  EXPECT_EQ(some.skip(0, log_.end()), starts_[3]);
  EXPECT_EQ(some.skip(starts_[4], log_.end()), starts_[7]);
  EXPECT_EQ(some.skip(starts_[4], starts_[6]), starts_[6]) << "none before the limit";
}

TEST_F(SelectionTest, EachFrameKeepsTheVerdictOfTheFilterItWasJudgedBy) {
  Selection some(log_, filter_of("bench series=1"));
  append(100);
  EXPECT_EQ(some.judge({0, 0}, end()).frames, 25U);
  const auto second = end();
  some.change(std::nullopt, second.position);
  append(100);
  EXPECT_EQ(some.judge(second, end()).frames, 100U);
  const auto third = end();
  some.change(filter_of("bench series=2"), third.position);
  append(100);
  EXPECT_EQ(some.judge(third, end()).frames, 25U);

  const auto passes = [](std::size_t number) {
    return number < 100 ? number % 4 == 1 : number < 200 || number % 4 == 2;
  };
  for (std::size_t i = 0; i < 300; ++i) {
    ASSERT_EQ(some.passes(starts_[i], log_.frame(starts_[i])), passes(i)) << i;
  }
  for (std::size_t from = 0; from < 300; from += 7) {
    for (std::size_t to = from; to < 300; to += 11) {
      std::uint64_t expected = 0;
      for (auto i = from; i < to; ++i) expected += passes(i) ? 1 : 0;
      ASSERT_EQ(some.count(starts_[from], starts_[to]).frames, expected) << from << " " << to;
    }
  }
  EXPECT_EQ(some.skip(starts_[98], log_.end()), starts_[100]) << "over a change";
  EXPECT_EQ(some.skip(starts_[199], log_.end()), starts_[199]);
  EXPECT_EQ(some.skip(starts_[200], log_.end()), starts_[202]);
}

TEST_F(SelectionTest, ForgetsAFilterWithTheLastFrameItJudged) {
  Selection some(log_, filter_of("bench series=1"));
  append(100);
  some.judge({0, 0}, end());
  some.change(std::nullopt, log_.end());
  some.forget_before(starts_[99]);
  EXPECT_TRUE(some.has_past());
  EXPECT_FALSE(some.everything());
  some.forget_before(log_.end());
  EXPECT_FALSE(some.has_past());
  EXPECT_TRUE(some.everything());
}

TEST_F(SelectionTest, AFilterThatJudgedNothingLeavesNoTrace) {
  Selection some(log_, std::nullopt);
  append(10);
  some.judge({0, 0}, end());
  some.change(filter_of("bench series=1"), log_.end());
  some.change(std::nullopt, log_.end());
  some.forget_before(log_.end());
  EXPECT_TRUE(some.everything());
}

TEST_F(SelectionTest, RemembersVerdictsWithoutMixingNamesUp) {
  Selection some(log_, filter_of("bench series=77"));
  for (unsigned series = 0; series < 20'000; ++series) {
    const auto frame = test::numbered_frame(0, series);
    ASSERT_EQ(some.passes(0, frame), series == 77) << series;
    ASSERT_EQ(some.passes(0, frame), series == 77) << series;
  }
}

}  // namespace
}  // namespace lariat::publish
