#include "proto/number_text.h"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>

namespace lariat::proto {
namespace {

template <typename Number>
std::string text(Number value) {
  std::array<char, kNumberRoom> room;
  return {room.data(), write_number(value, room.data())};
}

// As the library finds the shortest one.
std::string shortest(double value) {
  std::array<char, kNumberRoom> room;
  return {room.data(), std::to_chars(room.data(), room.data() + room.size(), value).ptr};
}

TEST(NumberText, HasNoDigitMoreThanItTakes) {
  EXPECT_EQ(text(0.0), "0");
  EXPECT_EQ(text(-0.0), "-0");
  EXPECT_EQ(text(0.1), "0.1");
  EXPECT_EQ(text(-12.34), "-12.34");
  EXPECT_EQ(text(0.001), "0.001");
  EXPECT_EQ(text(-0.999), "-0.999");
  EXPECT_EQ(text(1234567.891), "1234567.891");
  EXPECT_EQ(text(1e6), "1000000");
  EXPECT_EQ(text(999'999'999'999'999.0), "999999999999999");
  EXPECT_EQ(text(9'007'199'254'740'993.0), "9007199254740992");
  EXPECT_EQ(text(1e15), "1e+15");
  EXPECT_EQ(text(1.0 / 3), "0.3333333333333333");
  EXPECT_EQ(text(std::numeric_limits<double>::lowest()), "-1.7976931348623157e+308");
  EXPECT_EQ(text(std::numeric_limits<std::uint64_t>::max()), "18446744073709551615");
  EXPECT_EQ(text(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
}

TEST(NumberText, IsWhatTheLibraryFindsShortest) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 200'000; ++i) {
    const auto bits = random();
    const double any = std::bit_cast<double>(bits);
    const double decimal = static_cast<double>(bits % 10'000'000'000'000) / 1000;
    const double product = static_cast<double>(bits % 1'000'000'000) * 0.01;
    if (std::isfinite(any)) {
      EXPECT_EQ(std::strtod(text(any).c_str(), nullptr), any);
    }
    for (const double value : {decimal, -decimal, product}) {
      if (value != std::trunc(value)) {
        ASSERT_EQ(text(value), shortest(value));
      }
    }
  }
}

}  // namespace
}  // namespace lariat::proto
