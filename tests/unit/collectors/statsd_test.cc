#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "collectors/statsd/distinct.h"
#include "collectors/statsd/hash.h"
#include "collectors/statsd/line.h"
#include "collectors/statsd/sketch.h"
#include "collectors/statsd/sockets.h"
#include "collectors/statsd/store.h"
#include "tests/unit/collectors/source_run.h"

namespace lariat::statsd {
namespace {

using test::Lines;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

TEST(StatsdLine, IsTakenApart) {
  Line line;
  ASSERT_EQ(parse_line("a.b:1:2|ms|@0.5|c:box|#k:v,w|T1", line), Refusal::kNone);
  EXPECT_EQ(line.name, "a.b");
  EXPECT_EQ(line.values, "1:2");
  EXPECT_EQ(line.kind, Kind::kMilliseconds);
  EXPECT_EQ(line.rate, 0.5);
  EXPECT_EQ(line.tags, "k:v,w");
  ASSERT_EQ(parse_line("a:1|c", line), Refusal::kNone);
  EXPECT_EQ(line.rate, 1) << "nothing stays of the line before";
  EXPECT_EQ(line.tags, "");
}

TEST(StatsdLine, IsRefusedWithItsReason) {
  struct Case {
    std::string text;
    Refusal refusal;
  };
  const std::vector<Case> cases = {{":1|c", Refusal::kNoName},
                                   {"a", Refusal::kNoValue},
                                   {"a:|c", Refusal::kNoValue},
                                   {"a:1", Refusal::kUnknownKind},
                                   {"a:1|", Refusal::kUnknownKind},
                                   {"a:1|x", Refusal::kUnknownKind},
                                   {"a:1|m", Refusal::kUnknownKind},
                                   {"a:1|c|@0", Refusal::kBadRate},
                                   {"a:1|c|@1.5", Refusal::kBadRate},
                                   {"a:1|c|@-1", Refusal::kBadRate},
                                   {"a:1|c|@x", Refusal::kBadRate},
                                   {"_e{5,4}:title|text", Refusal::kEvent},
                                   {"_sc|disk|0", Refusal::kServiceCheck},
                                   {std::string(kMostLine, 'a') + ":1|c", Refusal::kTooLong}};
  for (const Case& tested : cases) {
    Line line;
    EXPECT_EQ(parse_line(tested.text, line), tested.refusal) << tested.text.substr(0, 40);
  }
  EXPECT_EQ(to_string(Refusal::kTooManySeries), "too-many-series");
}

TEST(StatsdLine, NumbersAreReadAsTheLibraryReadsThem) {
  for (const char* text :
       {"0", "1", "42", "0.1", "12.5", "999999999999999", "0.000000000000001", "123456.789012345",
        "1e3", "1.5e-7", "3.", ".5", "1234567890123456789"}) {
    double number = 0;
    ASSERT_TRUE(parse_number(text, number)) << text;
    EXPECT_EQ(number, std::strtod(text, nullptr)) << text;
    ASSERT_TRUE(parse_number("-" + std::string(text), number));
    EXPECT_EQ(number, -std::strtod(text, nullptr)) << text;
    ASSERT_TRUE(parse_number("+" + std::string(text), number));
  }
  for (const char* text : {"", "+", "-", "--1", "+-1", ".", "1x", "x", "nan", "inf", "-inf",
                           "1e999", "1.2.3", "0x10", " 1"}) {
    double number = 0;
    EXPECT_FALSE(parse_number(text, number)) << text;
  }
}

TEST(StatsdLine, TagsWithoutAValueAreTrueAndEmptyOnesNone) {
  std::string_view tags = "a:b,,c,:d,e:,f:g:h";
  std::vector<std::string> seen;
  for (Tag tag; take_tag(tags, tag);) {
    seen.push_back(std::string(tag.key) + "=" + std::string(tag.value));
  }
  EXPECT_THAT(seen, ElementsAre("a=b", "c=true", "f=g:h"));
}

// The number at the rank, of all of them in order.
double exact(const std::vector<double>& sorted, double quantile) {
  const auto rank = static_cast<std::size_t>(
      std::max(1.0, std::ceil(quantile * static_cast<double>(sorted.size()))));
  return sorted[rank - 1];
}

TEST(QuantileSketch, IsWithinItsErrorOverManyPowers) {
  QuantileSketch sketch;
  std::vector<double> numbers;
  std::uint64_t state = 1;
  for (int i = 0; i < 20'000; ++i) {
    state = mix(state + 1);
    // From 1e-4 to 1e4, and some below 0.
    const double exponent = static_cast<double>(state >> 11U) * 0x1p-53 * 8 - 4;
    numbers.push_back(std::pow(10, exponent));
  }
  for (const double number : numbers) sketch.add(number);
  std::ranges::sort(numbers);
  for (const double quantile : {0.0, 0.01, 0.25, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    const double truth = exact(numbers, quantile);
    EXPECT_NEAR(sketch.quantile(quantile), truth, truth / 128) << quantile;
  }
  EXPECT_EQ(sketch.quantile(1), numbers.back()) << "the greatest is exact";
  EXPECT_EQ(sketch.quantile(0), numbers.front());
}

TEST(QuantileSketch, KnowsNegativeNumbersAndWeights) {
  QuantileSketch sketch;
  sketch.add(-10, 3);
  sketch.add(0);
  sketch.add(10, 5);
  sketch.add(20);
  EXPECT_EQ(sketch.count(), 10U);
  EXPECT_NEAR(sketch.quantile(0.3), -10, 0.1);
  EXPECT_NEAR(sketch.quantile(0.9), 10, 0.1);
}

TEST(QuantileSketch, ANumberFarOffCostsOnlyWhatIsFarBelowItAndOnlyOnce) {
  QuantileSketch sketch;
  for (int i = 0; i < 98; ++i) sketch.add(1e-3);
  sketch.add(5e14);
  sketch.add(1e15);
  EXPECT_NEAR(sketch.quantile(0.99), 5e14, 5e14 / 128);
  sketch.clear();
  EXPECT_EQ(sketch.quantile(0.5), 0) << "empty";
  sketch.add(1e-3);
  sketch.add(2e-3);
  sketch.add(3e-3);
  EXPECT_NEAR(sketch.quantile(0.5), 2e-3, 2e-5);
}

TEST(DistinctCount, IsExactForFewAndNearForMany) {
  DistinctCount distinct;
  for (std::uint64_t i = 0; i < DistinctCount::kMostExact; ++i) {
    distinct.add(mix(i));
    distinct.add(mix(i));
  }
  EXPECT_EQ(distinct.count(), DistinctCount::kMostExact);
  for (const double count : {1000.0, 10'000.0, 200'000.0}) {
    distinct.clear();
    for (std::uint64_t i = 0; i < static_cast<std::uint64_t>(count); ++i) distinct.add(mix(i + 7));
    EXPECT_NEAR(distinct.count(), count, count * 0.05) << "three standard errors";
  }
  distinct.clear();
  EXPECT_EQ(distinct.count(), 0);
}

class StatsdStoreTest : public testing::Test {
 protected:
  Lines put(std::uint64_t time = 1'700'000'000) {
    answer_.begin(time);
    store_.put(answer_);
    return test::lines_of(answer_);
  }

  Store store_{{.most_series = 8, .expire = 100, .quantiles = {0.5, 1}}, 7};
  sdk::Answer answer_;
};

TEST_F(StatsdStoreTest, CountersAddUpOverAnswers) {
  store_.take("a:1|c\na:2:3|c\r\na:1|c|@0.1\n\n");
  EXPECT_THAT(put(), ElementsAre("d a 16"));
  EXPECT_THAT(put(), ElementsAre("d a 16")) << "a lost answer costs nothing";
  store_.take("a:1|c");
  EXPECT_THAT(put(), ElementsAre("d a 17"));
  EXPECT_EQ(store_.lines(), 4U);
}

TEST_F(StatsdStoreTest, GaugesAreSetAndMoved) {
  store_.take("a:5|g\na:+2|g\na:-10|g\nb:1:2|g");
  EXPECT_THAT(put(), ElementsAre("s a -3", "s b 2"));
  store_.take("a:+1|g");
  EXPECT_THAT(put(), ElementsAre("s a -2", "s b 2"));
}

TEST_F(StatsdStoreTest, TimersAreSecondsAndDistributionsWhatTheyAre) {
  store_.take("a:100|ms|#k:v\na:300:200|ms|#k:v\nb:7|h|@0.5\nc:7|d");
  EXPECT_THAT(put(),
              ElementsAre("d a_count k=v 3", "d a_sum k=v 0.6",
                          StartsWith("s a k=v,quantile=0.5 0.20"), "s a k=v,quantile=1 0.3",
                          "d b_count 2", "d b_sum 14", "s b quantile=0.5 7", "s b quantile=1 7",
                          "d c_count 1", "d c_sum 7", "s c quantile=0.5 7", "s c quantile=1 7"));
  EXPECT_THAT(put(), ElementsAre("d a_count k=v 3", "d a_sum k=v 0.6", "d b_count 2", "d b_sum 14",
                                 "d c_count 1", "d c_sum 7"))
      << "quantiles are of what came since";
}

TEST_F(StatsdStoreTest, SetsCountWhatIsDifferentSinceTheLastAnswer) {
  store_.take("a:x|s\na:y|s\na:x|s\na:x:y|s");
  EXPECT_THAT(put(), ElementsAre("s a 3"));
  store_.take("a:x|s");
  EXPECT_THAT(put(), ElementsAre("s a 1"));
  EXPECT_THAT(put(), ElementsAre("s a 0"));
}

TEST_F(StatsdStoreTest, TagsInAnyOrderAreOneSeries) {
  store_.take("a:1|c|#y:2,x:1\na:1|c|#x:1,y:2\na:1|c|#x:1\na:1|c");
  EXPECT_THAT(put(), ElementsAre("d a x=1,y=2 2", "d a x=1 1", "d a 1"));
}

TEST_F(StatsdStoreTest, NamesLoseWhatNoNameHas) {
  store_.take("a b\xc3\xa4|:1|c\nweb.api-x/y:1|c|#host name:a=b\\c\n");
  EXPECT_EQ(store_.refused(Refusal::kUnknownKind), 0U);
  EXPECT_THAT(put(), ElementsAre("d a_b___ 1", "d web.api-x/y host name=a\\=b_c 1"));
}

TEST_F(StatsdStoreTest, ABadLineCostsItselfAloneAndIsCounted) {
  store_.take("a:1|c\nnonsense\na:x|c\na:-1|c\nb:x|g\na:1|g\na:2:x:4|c\nc:1e300|c|@1e-300\na:1|c");
  EXPECT_THAT(put(), ElementsAre("d a 4", "d c 0"));
  EXPECT_EQ(store_.lines(), 9U);
  EXPECT_EQ(store_.refused(Refusal::kNoValue), 1U);
  EXPECT_EQ(store_.refused(Refusal::kBadValue), 4U);
  EXPECT_EQ(store_.refused(Refusal::kNegativeCounter), 1U);
  EXPECT_EQ(store_.refused(Refusal::kKindConflict), 1U);
}

TEST_F(StatsdStoreTest, BeyondTheMostSeriesOnlyNewOnesAreRefused) {
  for (int i = 0; i < 12; ++i) store_.take("n" + std::to_string(i) + ":1|c\n");
  store_.take("n3:1|c");
  EXPECT_EQ(store_.series(), 8U);
  EXPECT_EQ(store_.refused(Refusal::kTooManySeries), 4U);
  EXPECT_THAT(put(), Contains("d n3 2"));
}

TEST_F(StatsdStoreTest, SpellingsAreBounded) {
  std::string tags = "a:1";
  for (int i = 0; i < 100; ++i) store_.take("a:1|c|#" + (tags += ",") + "\n");
  EXPECT_EQ(store_.series(), 1U);
  EXPECT_EQ(store_.refused(Refusal::kTooManySeries), 100U - 4 * 8);
}

TEST_F(StatsdStoreTest, ASeriesWithoutLinesGoesAndItsNameIsFree) {
  store_.take("old:1|c|#k:v\nold:1|c|#k:w\nused:1|c");
  (void)put(1000);
  store_.take("used:1|c");
  EXPECT_THAT(put(1100), Contains("d old k=v 1")) << "the last time";
  (void)put(1101);
  EXPECT_THAT(put(1102), ElementsAre("d used 2"));
  store_.take("old:3|g\nused:1|c");
  EXPECT_THAT(put(1103), ElementsAre("d used 3", "s old 3")) << "another kind, if it likes";
}

TEST_F(StatsdStoreTest, ManySeriesAreAllFoundAgain) {
  Store store({.most_series = 5000}, 3);
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 5000; ++i) {
      store.take("name.of.some.length:1|c|#number:" + std::to_string(i));
    }
  }
  answer_.begin(5);
  store.put(answer_);
  EXPECT_EQ(store.series(), 5000U);
  EXPECT_THAT(test::lines_of(answer_), Each(testing::EndsWith(" 2")));
}

TEST(StatsdAddress, IsReadOrToldWhatIsWrong) {
  Address address;
  EXPECT_EQ(parse_address("udp://[::1]:8125", address), "");
  EXPECT_EQ(address.host, "::1");
  EXPECT_EQ(address.port, "8125");
  EXPECT_EQ(parse_address("unixgram:///run/s", address), "");
  EXPECT_EQ(address.host, "/run/s");
  for (const char* bad : {"", "127.0.0.1:8125", "udp://", "udp://:1", "udp://1.2.3.4",
                          "tcp://1.2.3.4:x", "tcp://1.2.3.4:70000", "unixgram://relative"}) {
    EXPECT_NE(parse_address(bad, address), "") << bad;
  }
  Socket socket;
  EXPECT_THAT(listen_at({Address::Transport::kUdp, "localhost.invalid", "1"}, socket),
              testing::HasSubstr("in numbers"));
}

}  // namespace
}  // namespace lariat::statsd
