#include "proto/bolo_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>
#include <string>

namespace lariat::proto {
namespace {

using Type = Record::Type;

Record record(std::string_view line) {
  const ParsedLine parsed = parse_line(line);
  EXPECT_EQ(parsed.reason, Reason::kNone) << line;
  return parsed.record;
}

Reason reason(std::string_view line) { return parse_line(line).reason; }

TEST(BoloText, ReadsTheClassicForms) {
  const Record state = record("STATE 1700000000 web:disk CRIT 99%  full ");
  EXPECT_EQ(state.kind, Payload::kState);
  EXPECT_EQ(state.time, 1700000000U);
  EXPECT_EQ(state.name, "web:disk");
  EXPECT_EQ(state.status, Status::kCritical);
  EXPECT_EQ(state.text, "99%  full") << "inner blanks stay";

  EXPECT_EQ(record("COUNTER 1 n 7").increment, 7U);
  EXPECT_EQ(record("COUNTER 1 n").increment, std::nullopt);
  EXPECT_EQ(record("RATE 1 n 4096.5").value, 4096.5);
  EXPECT_EQ(record("EVENT 1 n it happened").text, "it happened");
  const Record sample = record("SAMPLE 1 n 1 -2.5 3e2");
  EXPECT_EQ(sample.value, 1.0);
  EXPECT_EQ(sample.more_values, "-2.5 3e2");
}

TEST(BoloText, ReadsTheNewerFormsWithNamesOfTwoFields) {
  const Record sample = record("sample 1700000000 cpu host=a,core=0 1.5 2.5");
  EXPECT_EQ(sample.name, "cpu");
  EXPECT_EQ(sample.tags, "host=a,core=0");
  EXPECT_EQ(sample.value, 1.5);
  EXPECT_EQ(record("sample 1 host=a,m=cpu 1.5").name, "host=a,m=cpu");
  EXPECT_EQ(record("sample 1 web01:cpu 1.5").tags, "");
  const Record event = record("event 1 login user=root logged in");
  EXPECT_EQ(event.tags, "user=root");
  EXPECT_EQ(event.text, "logged in");
  EXPECT_EQ(record("delta 1 rx if=e0 5").kind, Payload::kDelta);
  EXPECT_EQ(record("tally 1 hits host=a 5").increment, 5U);
  EXPECT_EQ(record("state 1 disk m=/ OK").text, std::nullopt);
}

TEST(BoloText, TakesTheNextFieldForTagsOnlyBehindALowerCaseKeyword) {
  EXPECT_EQ(record("EVENT 1 login user=root logged in").text, "user=root logged in");
  EXPECT_EQ(record("Event 1 login user=root logged in").tags, "");
  EXPECT_EQ(record("event 1 a=b user=root").text, "user=root") << "the name has its tags";
  EXPECT_EQ(record("event 1 a* user=root").text, "user=root");
}

TEST(BoloText, TakesKeywordsInAnyCase) {
  EXPECT_EQ(record("SaMpLe 1 n 1").kind, Payload::kSample);
  EXPECT_EQ(record("counter 1 n 1").kind, Payload::kTally);
  EXPECT_EQ(record("Done").type, Type::kDone);
}

TEST(BoloText, SeparatesFieldsByBlanksAndTabs) {
  const Record sample = record(" \tSAMPLE \t 1\tn   5 \t");
  EXPECT_EQ(sample.name, "n");
  EXPECT_EQ(sample.value, 5.0);
  EXPECT_EQ(record("EVENT 1 n \t a\tb ").text, "a\tb");
}

TEST(BoloText, SkipsCommentsAndEmptyLines) {
  for (const auto* line : {"", "  \t", "# SAMPLE 1 n 1", "  #"}) {
    EXPECT_EQ(record(line).type, Type::kNothing) << line;
  }
}

TEST(BoloText, AcceptsTextsThatAreMissing) {
  EXPECT_EQ(record("EVENT 1 n").text, "");
  EXPECT_EQ(record("STATE 1 n OK").text, std::nullopt);
}

TEST(BoloText, KnowsTheWordsForAStatus) {
  for (const auto& [word, status] : std::initializer_list<std::pair<std::string, Status>>{
           {"0", Status::kOk},
           {"ok", Status::kOk},
           {"OKAY", Status::kOk},
           {"1", Status::kWarning},
           {"Warn", Status::kWarning},
           {"WARNING", Status::kWarning},
           {"2", Status::kCritical},
           {"crit", Status::kCritical},
           {"critical", Status::kCritical},
           {"3", Status::kUnknown},
           {"UNKNOWN", Status::kUnknown},
           {"fine", Status::kUnknown},
       }) {
    EXPECT_EQ(record("STATE 1 n " + word).status, status) << word;
  }
}

TEST(BoloText, ReadsPairsAndFacts) {
  EXPECT_EQ(record("KEY a=1 b c=x=y").type, Type::kPairs);
  EXPECT_EQ(record("KEY a=1 b").text, "a=1 b");
  EXPECT_EQ(record("KEY 1700000000 a=1").text, "a=1") << "a time where none belongs";
  EXPECT_EQ(record("KEY 1700000000").text, "1700000000") << "alone it is a key";
  EXPECT_EQ(record("fact os=linux").type, Type::kPairs);
  const Record fact = record("fact name=hostname web01 rack 7");
  EXPECT_EQ(fact.type, Type::kData);
  EXPECT_EQ(fact.name, "name=hostname");
  EXPECT_EQ(fact.text, "web01 rack 7");
  EXPECT_EQ(record("fact os host=a linux").tags, "host=a");
}

TEST(BoloText, SaysWhyALineIsRejected) {
  EXPECT_EQ(reason("hello world"), Reason::kUnknownKeyword);
  EXPECT_EQ(reason("SAMPLE"), Reason::kMissingField);
  EXPECT_EQ(reason("SAMPLE 1"), Reason::kMissingField);
  EXPECT_EQ(reason("SAMPLE 1 n"), Reason::kMissingField);
  EXPECT_EQ(reason("STATE 1 n"), Reason::kMissingField);
  EXPECT_EQ(reason("KEY"), Reason::kMissingField);
  EXPECT_EQ(reason("SAMPLE now n 1"), Reason::kBadTime);
  EXPECT_EQ(reason("SAMPLE -1 n 1"), Reason::kBadTime);
  EXPECT_EQ(reason("SAMPLE 1 n 1 2 x 4"), Reason::kBadNumber) << "one bad value rejects all";
  EXPECT_EQ(reason("COUNTER 1 n -1"), Reason::kBadNumber);
  EXPECT_EQ(reason("COUNTER 1 n 1.5"), Reason::kBadNumber);
  EXPECT_EQ(reason("COUNTER 1 n 1 2"), Reason::kBadNumber) << "lost unnoticed otherwise";
  EXPECT_EQ(reason("RATE 1 n 1 2"), Reason::kBadNumber);
  EXPECT_EQ(reason(std::string_view("SAMPLE 1 n\0 1", 13)), Reason::kNul);
}

TEST(BoloText, ReadsTimesInSecondsAndMilliseconds) {
  EXPECT_EQ(parse_time("1700000000"), 1700000000U);
  EXPECT_EQ(parse_time("1700000000.999"), 1700000000U);
  EXPECT_EQ(parse_time("1700000000999"), 1700000000U);
  EXPECT_EQ(parse_time("999999999999"), 999999999999U) << "12 digits are seconds";
  EXPECT_EQ(parse_time("18446744073709551615999"), 18446744073709551615U);
  EXPECT_EQ(parse_time("18446744073709551616000"), std::nullopt) << "over 2^64-1 seconds";
  for (const auto* bad : {"", ".", ".5", "1.", "1.5.5", "1e9", "+1", "0x1"}) {
    EXPECT_EQ(parse_time(bad), std::nullopt) << bad;
  }
}

TEST(BoloText, ReadsDecimalNumbersOnly) {
  EXPECT_EQ(parse_number("+1.5"), 1.5);
  EXPECT_EQ(parse_number("-.5E+1"), -5.0);
  EXPECT_EQ(parse_number("5."), 5.0);
  EXPECT_EQ(parse_number("1e-400"), 0.0) << "too small to tell from 0";
  EXPECT_EQ(parse_number("-0.000000001e-330"), 0.0);
  EXPECT_EQ(parse_number("0e99999999999999999999"), 0.0);
  EXPECT_EQ(parse_number("4.9e-324"), 4.9e-324);
  for (const auto* bad :
       {"", "-", "+", ".", "nan", "inf", "-inf", "infinity", "0x10", "1e", "1e+", "1 ", "1,5",
        "1e400", "-1e999999999999999999999", "--1", "+-1", "1_000"}) {
    EXPECT_EQ(parse_number(bad), std::nullopt) << bad;
  }
}

TEST(BoloText, ReadsNumbersAsTheCLibraryDoes) {
  std::mt19937 random(6);
  constexpr std::string_view kOctets = "0123456789.eE-+0000";
  for (int i = 0; i < 100'000; ++i) {
    std::string text;
    for (auto n = 1 + random() % 12; n > 0; --n) text += kOctets[random() % kOctets.size()];
    char* end = nullptr;
    const double wanted = std::strtod(text.c_str(), &end);
    const bool whole = *end == '\0' && wanted - wanted == 0;
    const auto got = parse_number(text);
    ASSERT_EQ(got.has_value(), whole) << text;
    if (whole && std::abs(wanted) >= 2.3e-308) {
      ASSERT_EQ(*got, wanted) << text;
    }
  }
}

}  // namespace
}  // namespace lariat::proto
