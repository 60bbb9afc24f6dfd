#include "agent/base/back_off.h"

#include <gtest/gtest.h>

namespace lariat::base {
namespace {

using std::chrono::milliseconds;

TEST(BackOffTest, StaysBetweenItsBoundsWhateverChanceSays) {
  for (std::uint64_t seed = 1; seed < 200; ++seed) {
    BackOff back_off(milliseconds(500), milliseconds(30'000), seed);
    for (int attempt = 0; attempt < 20; ++attempt) {
      const auto wait = back_off.next();
      EXPECT_GE(wait, milliseconds(500));
      EXPECT_LE(wait, milliseconds(30'000));
    }
  }
}

TEST(BackOffTest, GrowsAndBeginsAnewAfterAReset) {
  BackOff back_off(milliseconds(100), milliseconds(10'000), 7);
  EXPECT_LE(back_off.next(), milliseconds(150));
  for (int attempt = 0; attempt < 10; ++attempt) static_cast<void>(back_off.next());
  EXPECT_GE(back_off.next(), milliseconds(6'000));
  back_off.reset();
  EXPECT_LE(back_off.next(), milliseconds(150));
}

TEST(BackOffTest, SpreadsThoseThatFailTogether) {
  BackOff one(milliseconds(1'000), milliseconds(1'000'000), 1);
  BackOff other(milliseconds(1'000), milliseconds(1'000'000), 2);
  bool differ = false;
  for (int attempt = 0; attempt < 5; ++attempt) differ |= one.next() != other.next();
  EXPECT_TRUE(differ);
}

}  // namespace
}  // namespace lariat::base
