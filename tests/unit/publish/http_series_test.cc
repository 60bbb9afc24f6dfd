#include "agent/publish/http_series.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

namespace lariat::publish {
namespace {

using proto::Payload;
using proto::Point;

Point point(std::string_view name, Payload kind = Payload::kSample, std::string_view text = {}) {
  return {.name = name, .kind = kind, .text = text};
}

class HttpSeriesTest : public testing::Test {
 protected:
  void see(const Point& of, std::int64_t seen) {
    const auto key = HttpSeries::key_of(of);
    auto* entry = series_.find(key);
    if (entry == nullptr) entry = series_.add(key, of.name, of.kind);
    ASSERT_NE(entry, nullptr);
    series_.see(*entry, seen, seen);
  }
  std::vector<std::string> ended(std::int64_t now, bool all = false) {
    std::vector<std::string> labels;
    while (const auto entry = series_.take_ended(now, all)) labels.push_back(entry->labels);
    return labels;
  }

  HttpSeries series_;
};

TEST_F(HttpSeriesTest, KnowsASeriesByItsNameKindAndText) {
  const auto key = HttpSeries::key_of(point("a"));
  EXPECT_EQ(key, HttpSeries::key_of(point("a")));
  EXPECT_NE(key, HttpSeries::key_of(point("b")));
  EXPECT_NE(key, HttpSeries::key_of(point("a", Payload::kDelta)));
  EXPECT_NE(HttpSeries::key_of(point("a", Payload::kFact, "x")),
            HttpSeries::key_of(point("a", Payload::kFact, "y")));
}

TEST_F(HttpSeriesTest, OneEndsAfterThreeOfItsIntervals) {
  for (const int at : {1'000, 1'010, 1'020}) see(point("a"), at);
  EXPECT_TRUE(ended(1'050).empty());
  EXPECT_EQ(series_.next_end(), 1'051) << "and a second, which marks of the log may be early";
  EXPECT_EQ(ended(1'051), std::vector<std::string>{"a"});
  EXPECT_EQ(series_.size(), 0U);
  EXPECT_TRUE(ended(9'999).empty()) << "once";
  EXPECT_EQ(series_.next_end(), std::nullopt);
}

TEST_F(HttpSeriesTest, ALongIntervalIsForgottenAfterTwoShortOnes) {
  for (const int at : {1'000, 2'000}) see(point("a"), at);
  EXPECT_TRUE(ended(5'000).empty());
  see(point("a"), 2'010);
  EXPECT_TRUE(ended(2'010 + 2'999).empty()) << "the larger of the last two";
  see(point("a"), 2'020);
  EXPECT_EQ(ended(2'051).size(), 1U);
}

TEST_F(HttpSeriesTest, WhatComesAsItLikesHasFiveMinutes) {
  for (const auto kind : {Payload::kTally, Payload::kEvent}) {
    for (const int at : {1'000, 1'001, 1'002}) see(point("a", kind), at);
  }
  see(point("once"), 1'002);
  EXPECT_TRUE(ended(1'301).empty());
  EXPECT_EQ(ended(1'302).size(), 3U);
}

TEST_F(HttpSeriesTest, AllAreEndedAtOnceIfToldSo) {
  for (int i = 0; i < 100; ++i) see(point("s" + std::to_string(i)), 1'000);
  EXPECT_EQ(ended(1'000, true).size(), 100U);
  EXPECT_EQ(series_.size(), 0U);
}

TEST_F(HttpSeriesTest, HasABound) {
  const std::string labels(4'000, 'x');
  std::size_t added = 0;
  for (int i = 0; i < 5'000; ++i) {
    const auto name = std::to_string(i);
    if (series_.add(HttpSeries::key_of(point(name)), labels, Payload::kSample) != nullptr) ++added;
  }
  EXPECT_LT(added * 4'000, HttpSeries::kOctets);
  EXPECT_GT(added, 1'900U);
  EXPECT_EQ(ended(0, true).size(), added);
  EXPECT_NE(series_.add(HttpSeries::key_of(point("a")), labels, Payload::kSample), nullptr);
}

TEST_F(HttpSeriesTest, FindsWhatItHasWhateverWentInBetween) {
  std::minstd_rand random(7);
  std::map<std::string, std::int64_t> model;  // When each was seen.
  std::int64_t now = 1'000;
  for (int round = 0; round < 20'000; ++round) {
    now += random() % 3;
    const auto name = "s" + std::to_string(random() % 200);
    see(point(name, Payload::kTally), now);
    model[name] = now;
    if (random() % 50 != 0) continue;
    now += random() % 200;
    for (const auto& gone : ended(now)) {
      ASSERT_LE(model.at(gone) + 300, now);
      model.erase(gone);
    }
    ASSERT_EQ(series_.size(), model.size());
    for (const auto& [known, at] : model) {
      const auto* entry = series_.find(HttpSeries::key_of(point(known, Payload::kTally)));
      ASSERT_NE(entry, nullptr);
      ASSERT_EQ(entry->seen, at);
    }
  }
}

}  // namespace
}  // namespace lariat::publish
