#include "proto/influx.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace lariat::proto {
namespace {

std::string line(const Point& point, const InfluxOptions& options = {},
                 const DefaultTags& labels = {}) {
  InfluxEncoder encoder(options, labels);
  std::vector<char> out(encoder.room());
  return {out.data(), encoder.write(point, out)};
}

// Measurement and tags.
std::string series(std::string_view name, const DefaultTags& labels = {}) {
  const std::string whole = line({.name = name, .value = 1, .seconds = 2},
                                 {.precision = InfluxOptions::Precision::kSeconds}, labels);
  constexpr std::string_view kRest = " value=1 2\n";
  EXPECT_TRUE(whole.ends_with(kRest)) << whole;
  return whole.substr(0, whole.size() - kRest.size());
}

std::string fact(std::string_view name, std::string_view text) {
  return line({.name = name, .kind = Payload::kFact, .value = 1, .seconds = 2, .text = text},
              {.precision = InfluxOptions::Precision::kSeconds});
}

TEST(Influx, ALineIsMeasurementTagsFieldAndTime) {
  const Point point{.name = "cpu core=0,host=a", .value = 1.5, .seconds = 1'700'000'000};
  EXPECT_EQ(line(point), "cpu,core=0,host=a value=1.5 1700000000000000000\n");
  EXPECT_EQ(line(point, {.precision = InfluxOptions::Precision::kSeconds, .field = "gau ge"}),
            "cpu,core=0,host=a gau\\ ge=1.5 1700000000\n");
  EXPECT_EQ(line({.name = "e a=1", .kind = Payload::kEvent, .value = 3, .seconds = 1}),
            "e_events_total,a=1 value=3 1000000000\n");
}

TEST(Influx, EveryNumberIsAFloat) {
  for (const double value : {1.0, -0.5, 9'007'199'254'740'993.0, 1e300}) {
    const std::string text = line({.name = "a b=1", .value = value});
    EXPECT_EQ(text.find_first_of("iu"), text.find("ue=")) << text << "no suffix of a whole number";
  }
}

TEST(Influx, TimesThatHaveNoNanosecondsAreRefused) {
  constexpr std::int64_t kLast = std::numeric_limits<std::int64_t>::max() / 1'000'000'000;
  EXPECT_EQ(line({.name = "a b=1", .value = 1, .seconds = kLast}),
            "a,b=1 value=1 9223372036000000000\n");
  EXPECT_EQ(line({.name = "a b=1", .value = 1, .seconds = kLast + 1}), "");
  EXPECT_EQ(line({.name = "a b=1", .value = 1, .seconds = kLast + 1},
                 {.precision = InfluxOptions::Precision::kSeconds}),
            "a,b=1 value=1 9223372037\n");
}

TEST(Influx, EscapesWhatPartsALine) {
  EXPECT_EQ(series("a,b\\ k\\=1=x y,up"), "a\\,b_,k\\=1=x\\ y") << "a backslash at an end is none";
  EXPECT_EQ(series("a=b\"c k l=\\,\\=,m=\""), "a=b\"c,k\\ l=\\,\\=,m=\"");
  EXPECT_EQ(series("a\\b a=1"), "a\\b,a=1") << "a backslash elsewhere is itself";
  EXPECT_EQ(series("a\\,b\\\\c a=1"), "a_\\,b_\\c,a=1") << "where it would be an escape";
  EXPECT_EQ(series("#a a=1"), "_a,a=1") << "no comment";
}

TEST(Influx, TagsWithoutAValueAreLeftOut) {
  EXPECT_EQ(series("a up"), "a");
  EXPECT_EQ(series("a a=1,up,z=2"), "a,a=1,z=2");
}

TEST(Influx, OfAlikeKeysTheFirstStays) {
  EXPECT_EQ(series("a k=1,k=2"), "a,k=1");
  EXPECT_EQ(series("a \\\x01=1,_=2"), "a,_=1");
}

TEST(Influx, TagsAreSortedAlsoWhenTheyWereCleaned) {
  EXPECT_EQ(series("a \\\x01k=1,B=2"), "a,B=2,_k=1");
}

TEST(Influx, TheTagTimeHasAnotherName) {
  EXPECT_EQ(series("a time=1,time_=2,x=3"), "a,time_=1,x=3");
}

TEST(Influx, TextIsUtf8) {
  EXPECT_EQ(series("gr\xc3\xb6\xc3 a=\\\xe2\\\x82\\\xac\\\xff"), "gr\xc3\xb6_,a=\xe2\x82\xac_");
  EXPECT_EQ(series("a\tb\x7f x=\\\n"), "a_b_,x=_");
}

TEST(Influx, TheTextOfAFactIsTheTagValue) {
  EXPECT_EQ(fact("os host=a,zone=b", "Debian 12, \"x\"=1"),
            "os_info,host=a,value=Debian\\ 12\\,\\ \"x\"\\=1,zone=b value=1 2\n");
  EXPECT_EQ(fact("os value=own", "text"), "os_info,value=text value=1 2\n");
  EXPECT_EQ(fact("os a=1", ""), "os_info,a=1 value=1 2\n");
  EXPECT_EQ(fact("os a=1", "C:\\new\\"), "os_info,a=1,value=C:\\new_ value=1 2\n");
  EXPECT_EQ(fact("os a=1", "two\nlines\x01"), "os_info,a=1,value=two_lines_ value=1 2\n");
}

TEST(Influx, LabelsAreAddedWhereTheNameLacksThem) {
  DefaultTags labels;
  ASSERT_EQ(labels.set("dc", "x y"), NameError::kNone);
  ASSERT_EQ(labels.set("host", "other"), NameError::kNone);
  EXPECT_EQ(series("cpu core=0,host=a", labels), "cpu,core=0,dc=x\\ y,host=a");
  const std::string longest = "m " + std::string(kMaxNameLength - 2, 'k');
  EXPECT_EQ(line({.name = longest, .value = 1}, {}, labels), "");
}

TEST(Influx, TheLongestLinesHaveRoom) {
  const std::string name = "m k=" + std::string(kMaxNameLength - 5, ' ') + 'v';
  const std::string text(kMaxTextLength, ',');
  InfluxEncoder encoder({}, {});
  std::vector<char> out(encoder.room());
  EXPECT_EQ(encoder.write({.name = name,
                           .kind = Payload::kFact,
                           .value = 1,
                           .seconds = 1'700'000'000,
                           .text = text},
                          out),
            1 + 5 + 3 + 2 * (kMaxNameLength - 5) + 1 + 7 + 2 * kMaxTextLength + 8 + 20 + 1);
}

}  // namespace
}  // namespace lariat::proto
