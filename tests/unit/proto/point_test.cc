#include "proto/point.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "proto/encode.h"

namespace lariat::proto {
namespace {

constexpr std::uint64_t kTime = 1'700'000'000;
constexpr std::int64_t kAppended = 1'700'000'123;
constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();

/// Messages are encoded and made to points of one output.
class PointTest : public testing::Test {
 protected:
  template <typename Encode>
  std::optional<Point> point(Encode encode, bool again = false) {
    const Encoded written = encode(std::span(room_));
    EXPECT_TRUE(written);
    const MessageView message(std::span<const std::byte>(room_.data(), written.size));
    const Submit submit(message);
    return point_of(submit, totals_, again, kAppended);
  }
  std::optional<Point> tally(std::optional<std::uint64_t> increment, bool again = false,
                             std::uint64_t time = kTime) {
    return point([&](auto out) { return encode_tally(out, "hits host=a", time, increment); },
                 again);
  }
  std::optional<Point> event(const char* name, bool again = false) {
    return point([&](auto out) { return encode_event(out, name, kTime, "text"); }, again);
  }

  Totals totals_{3, 100};
  std::array<std::byte, kEncodeBufferSize> room_;
};

TEST_F(PointTest, ASampleIsAGaugeOfItsLastValue) {
  const std::array<double, 3> values{1, 2, 2.5};
  const auto made = point([&](auto out) { return encode_sample(out, "m b,a=1", kTime, values); });
  ASSERT_TRUE(made);
  EXPECT_EQ(made->name, "m a=1,b");
  EXPECT_EQ(made->suffix(), "");
  EXPECT_EQ(made->type(), PointType::kGauge);
  EXPECT_EQ(made->value, 2.5);
  EXPECT_EQ(made->seconds, 1'700'000'000);
}

TEST_F(PointTest, ADeltaIsACounterAsRead) {
  const auto made = point([](auto out) { return encode_delta(out, "m a", kTime, -3); });
  ASSERT_TRUE(made);
  EXPECT_EQ(made->type(), PointType::kCounter);
  EXPECT_EQ(made->value, -3);
}

TEST_F(PointTest, AStateIsItsNumber) {
  const auto made = point([](auto out) {
    return encode_state(out, "m a", kTime, {Status::kCritical, 0, "not said"});
  });
  ASSERT_TRUE(made);
  EXPECT_EQ(made->type(), PointType::kGauge);
  EXPECT_EQ(made->value, 2);
  EXPECT_EQ(made->text, "");
}

TEST_F(PointTest, AFactIsOneWithItsTextAndTheTimeOfItsAppend) {
  const auto made = point([](auto out) { return encode_fact(out, "os a", "Debian"); });
  ASSERT_TRUE(made);
  EXPECT_EQ(made->type(), PointType::kInfo);
  EXPECT_EQ(made->suffix(), "_info");
  EXPECT_EQ(made->value, 1);
  EXPECT_EQ(made->seconds, kAppended);
  EXPECT_EQ(made->text, "Debian");
}

TEST_F(PointTest, TalliesAndEventsAddUp) {
  EXPECT_EQ(tally(5)->value, 5);
  EXPECT_EQ(tally(std::nullopt)->value, 6);
  EXPECT_EQ(tally(0)->value, 6);
  EXPECT_EQ(event("hits host=a")->value, 1) << "another kind is another series";
  EXPECT_EQ(event("hits host=a")->value, 2);
  EXPECT_EQ(event("hits host=b")->value, 1);
  EXPECT_EQ(event("hits host=b")->suffix(), "_events_total");
  EXPECT_EQ(event("hits host=b")->type(), PointType::kCounter);
}

TEST_F(PointTest, WhatIsSentAgainIsNotAddedAgain) {
  EXPECT_EQ(tally(5)->value, 5);
  EXPECT_EQ(tally(7)->value, 12);
  EXPECT_EQ(tally(5, true)->value, 12);
  EXPECT_EQ(tally(7, true)->value, 12);
  EXPECT_EQ(event("e a", true)->value, 1) << "this output never had it";
  EXPECT_EQ(event("e a", true)->value, 1);
}

TEST_F(PointTest, OverTheBoundsNothingIsMade) {
  ASSERT_TRUE(event("a x"));
  ASSERT_TRUE(event("b x"));
  ASSERT_TRUE(event("c x"));
  EXPECT_FALSE(event("d x")) << "three series are the most here";
  EXPECT_EQ(event("c x")->value, 2) << "those that there are go on";
  EXPECT_EQ(totals_.size(), 3U);

  Totals short_names(10, 4);
  EXPECT_EQ(short_names.add("abcd", Payload::kTally, kMost), kMost);
  EXPECT_EQ(short_names.add("abcd", Payload::kTally, 2), 1U) << "a counter that began again";
  EXPECT_EQ(short_names.add("e", Payload::kTally, 1), std::nullopt);
}

TEST_F(PointTest, TimesThatNoFormatHasAreRefused) {
  EXPECT_TRUE(tally(1, false, std::numeric_limits<std::int64_t>::max() / 1000));
  EXPECT_FALSE(tally(1, false, std::uint64_t{std::numeric_limits<std::int64_t>::max() / 1000} + 1));
  EXPECT_FALSE(tally(1, false, kMost));
  EXPECT_EQ(tally(0)->value, 1) << "what was refused was not added";
}

}  // namespace
}  // namespace lariat::proto
