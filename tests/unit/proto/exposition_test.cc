#include "proto/exposition.h"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cstdlib>
#include <limits>
#include <string>
#include <string_view>

namespace lariat::proto {
namespace {

std::string escaped(std::string_view value) {
  std::string out;
  append_label_value(value, out);
  return out;
}

std::string sample(double value) {
  std::string out;
  append_sample("m", "", value, out);
  return out.substr(2, out.size() - 3);
}

TEST(ExpositionTest, WritesAFamily) {
  std::string out;
  append_type("a_total", FamilyType::kCounter, out);
  append_sample("a_total", R"(x="1")", std::uint64_t{18'446'744'073'709'551'615U}, out);
  append_type("b", FamilyType::kGauge, out);
  append_sample("b", "", 0.25, out);
  EXPECT_EQ(out,
            "# TYPE a_total counter\na_total{x=\"1\"} 18446744073709551615\n# TYPE b gauge\n"
            "b 0.25\n");
}

TEST(ExpositionTest, LabelsAreSortedAndThoseWithoutAValueLeftOut) {
  const std::array<Label, 4> labels = {{{"z", "1"}, {"a", "2"}, {"up", ""}, {"m", "3"}}};
  std::string out;
  append_labels(labels, out);
  EXPECT_EQ(out, R"(a="2",m="3",z="1")");
}

TEST(ExpositionTest, NoLabelsAreNoText) {
  const std::array<Label, 1> labels = {{{"up", ""}}};
  std::string out;
  append_labels(labels, out);
  append_labels({}, out);
  EXPECT_EQ(out, "");
}

TEST(ExpositionTest, EscapesWhatWouldEndAValueOrALine) {
  EXPECT_EQ(escaped("a\"b\\c\nd"), R"(a\"b\\c\nd)");
  EXPECT_EQ(escaped("tab\tand\rstay"), "tab\tand\rstay");
}

TEST(ExpositionTest, ReplacesWhatIsNoUtf8) {
  EXPECT_EQ(escaped("größe € 𝄞"), "größe € 𝄞");
  EXPECT_EQ(escaped("a\x80z"), "a_z") << "the middle of a character";
  EXPECT_EQ(escaped("a\xc3"), "a_") << "cut";
  EXPECT_EQ(escaped("a\xe2\x82z"), "a__z") << "cut";
  EXPECT_EQ(escaped("\xc0\xaf"), "__") << "too long a spelling";
  EXPECT_EQ(escaped("\xe0\x80\xaf"), "___") << "too long a spelling";
  EXPECT_EQ(escaped("\xed\xa0\x80"), "___") << "a surrogate";
  EXPECT_EQ(escaped("\xf4\x90\x80\x80"), "____") << "beyond Unicode";
  EXPECT_EQ(escaped("\xf5\x80\x80\x80"), "____");
  EXPECT_EQ(escaped(std::string_view("a\0z", 3)), "a_z");
}

TEST(ExpositionTest, WholeNumbersLookWhole) {
  EXPECT_EQ(sample(0), "0");
  EXPECT_EQ(sample(-7), "-7");
  EXPECT_EQ(sample(1e6), "1000000");
  EXPECT_EQ(sample(999'999'999'999'999), "999999999999999");
  EXPECT_EQ(sample(1e15), "1e+15");
}

TEST(ExpositionTest, EveryValueIsReadBackExactly) {
  using Limits = std::numeric_limits<double>;
  for (const double value : {0.1, 1.0 / 3, -0.0, 1e-300, Limits::min(), Limits::max(),
                             Limits::lowest(), Limits::denorm_min(), 123456789.123456789}) {
    const double back = std::strtod(sample(value).c_str(), nullptr);
    EXPECT_EQ(std::bit_cast<std::uint64_t>(back), std::bit_cast<std::uint64_t>(value)) << value;
  }
  EXPECT_EQ(sample(0.1), "0.1") << "no digit more than it takes";
}

}  // namespace
}  // namespace lariat::proto
