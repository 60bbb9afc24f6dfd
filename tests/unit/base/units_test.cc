#include "agent/base/units.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace lariat::base {
namespace {

using std::chrono::milliseconds;

TEST(Duration, IsANumberAndAUnit) {
  EXPECT_EQ(*parse_duration("500ms"), milliseconds(500));
  EXPECT_EQ(*parse_duration("10s"), milliseconds(10'000));
  EXPECT_EQ(*parse_duration("5m"), milliseconds(300'000));
  EXPECT_EQ(*parse_duration("1.5h"), milliseconds(5'400'000));
  EXPECT_EQ(*parse_duration("1d"), milliseconds(86'400'000));
  EXPECT_EQ(*parse_duration("0s"), milliseconds(0));
  EXPECT_EQ(*parse_duration("0.001s"), milliseconds(1));
  EXPECT_EQ(*parse_duration("1.500000000000s"), milliseconds(1500));
}

TEST(Duration, RefusesAllElse) {
  for (const auto* text : {"", "s", "10", "-1s", "+1s", "1 s", " 1s", "1s ", "1S", "1.s", ".5s",
                           "1e3s", "1,5s", "1s5", "1us", "1w", "0x1s", "1..5s", "ms"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

TEST(Duration, RefusesAPartOfAMillisecond) {
  EXPECT_FALSE(parse_duration("0.5ms"));
  EXPECT_FALSE(parse_duration("0.0001s"));
  EXPECT_FALSE(parse_duration("0.0000000001d"));
}

TEST(Duration, RefusesOver292Years) {
  EXPECT_TRUE(parse_duration("9223372036854ms"));
  EXPECT_FALSE(parse_duration("9223372036855ms"));
  EXPECT_FALSE(parse_duration("9223372036.855s"));
  EXPECT_TRUE(parse_duration("106751d"));
  EXPECT_FALSE(parse_duration("106752d"));
  EXPECT_FALSE(parse_duration("99999999999999999999999s"));
  EXPECT_EQ(parse_duration("106752d").error().text, "\"106752d\" is longer than 292 years");
}

TEST(Duration, SaysHowToWriteIt) {
  EXPECT_EQ(parse_duration("10").error().text,
            "\"10\" is not a duration; write a number and ms, s, m, h or d, as 10s");
}

TEST(Duration, IsWrittenWithItsLargestWholeUnit) {
  EXPECT_EQ(format_duration(milliseconds(1500)), "1500ms");
  EXPECT_EQ(format_duration(milliseconds(90'000)), "90s");
  EXPECT_EQ(format_duration(milliseconds(120'000)), "2m");
  EXPECT_EQ(format_duration(milliseconds(7'200'000)), "2h");
  EXPECT_EQ(format_duration(milliseconds(172'800'000)), "2d");
  EXPECT_EQ(format_duration(milliseconds(0)), "0s");
}

TEST(Duration, IsReadAsItWasWritten) {
  for (const std::int64_t count : {1, 999, 1000, 61'000, 3'600'000, 86'400'001}) {
    EXPECT_EQ(*parse_duration(format_duration(milliseconds(count))), milliseconds(count));
  }
}

TEST(Size, IsANumberAndAUnit) {
  EXPECT_EQ(*parse_size("0B"), 0U);
  EXPECT_EQ(*parse_size("4096B"), 4096U);
  EXPECT_EQ(*parse_size("64KiB"), 65'536U);
  EXPECT_EQ(*parse_size("1.5MiB"), 1'572'864U);
  EXPECT_EQ(*parse_size("1GiB"), 1'073'741'824U);
}

TEST(Size, RefusesAllElse) {
  for (const auto* text : {"", "B", "1", "-1B", "1 KiB", "1kb", "1KB", "1k", "1M", "1TiB", "1.KiB",
                           "0.5B", "0.1KiB"}) {
    EXPECT_FALSE(parse_size(text)) << text;
  }
}

TEST(Size, RefusesOver64Bits) {
  EXPECT_EQ(*parse_size("18446744073709551615B"), std::numeric_limits<std::uint64_t>::max());
  EXPECT_FALSE(parse_size("18446744073709551616B"));
  EXPECT_TRUE(parse_size("17179869183.5GiB"));
  EXPECT_FALSE(parse_size("17179869184GiB"));
}

TEST(Size, HasAnExactSpelling) {
  EXPECT_EQ(exact_size(0), "0B");
  EXPECT_EQ(exact_size(1023), "1023B");
  EXPECT_EQ(exact_size(std::uint64_t{1536} << 10U), "1536KiB");
  EXPECT_EQ(exact_size(std::uint64_t{3} << 30U), "3GiB");
  EXPECT_EQ(exact_size(std::numeric_limits<std::uint64_t>::max()), "18446744073709551615B");
}

TEST(Size, IsReadAsItWasSpelled) {
  for (const std::uint64_t bytes : {0ULL, 1ULL, 1024ULL, 1025ULL, 1048576ULL, 1073741825ULL}) {
    EXPECT_EQ(*parse_size(exact_size(bytes)), bytes);
  }
}

TEST(Size, IsWrittenWithTwoOrThreeDigits) {
  EXPECT_EQ(format_size(0), "0 B");
  EXPECT_EQ(format_size(980), "980 B");
  EXPECT_EQ(format_size(1000), "1.0 KiB");
  EXPECT_EQ(format_size(1024), "1.0 KiB");
  EXPECT_EQ(format_size(13'107'200), "12.5 MiB");
  EXPECT_EQ(format_size(std::uint64_t{128} << 20U), "128 MiB");
  EXPECT_EQ(format_size(std::uint64_t{1023} << 10U), "1.0 MiB");
  EXPECT_EQ(format_size(std::numeric_limits<std::uint64_t>::max()), "16.0 EiB");
}

}  // namespace
}  // namespace lariat::base
