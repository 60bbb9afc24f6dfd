#include "proto/nagios_output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "tests/unit/proto/text_lines.h"

namespace lariat::proto {
namespace {

using test::TextLines;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

std::vector<std::string> run(const std::vector<std::string>& output, const PluginEnd& end = {0, {}},
                             std::string check = "check") {
  TextLines lines(TextFormat::kNagios, std::move(check));
  for (const auto& line : output) EXPECT_THAT(lines.take(line), IsEmpty());
  return lines.finish(end);
}

// What performance data says, without the STATE.
std::vector<std::string> data(std::string_view text) {
  auto said = run({"OK |" + std::string(text)});
  said.erase(said.begin());
  return said;
}

TEST(NagiosOutput, TheExitStatusIsTheState) {
  const auto state = [](std::optional<int> status) { return run({"text"}, {status, {}}).front(); };
  EXPECT_EQ(state(0), "state 1000 check host=h OK text");
  EXPECT_EQ(state(1), "state 1000 check host=h WARNING text");
  EXPECT_EQ(state(2), "state 1000 check host=h CRITICAL text");
  EXPECT_EQ(state(3), "state 1000 check host=h UNKNOWN text");
  EXPECT_EQ(state(127), "state 1000 check host=h UNKNOWN text");
  EXPECT_EQ(state(std::nullopt), "state 1000 check host=h CRITICAL text");
}

TEST(NagiosOutput, WhatIsWrongStandsInTheText) {
  EXPECT_THAT(run({}, {{}, "did not end"}),
              ElementsAre("state 1000 check host=h CRITICAL did not end"));
  EXPECT_THAT(run({"half a line"}, {{}, "did not end"}),
              ElementsAre("state 1000 check host=h CRITICAL half a line (did not end)"));
  EXPECT_THAT(run({}, {0, {}}), ElementsAre("state 1000 check host=h OK (no output)"));
  EXPECT_THAT(run({"", " ", "OK", "", "more"}), ElementsAre("state 1000 check host=h OK OK"
                                                            "\\x0a\\x0amore"));
  EXPECT_THAT(run({"OK"}, {.stopped = true}), IsEmpty()) << "it was not let run to its end";
}

TEST(NagiosOutput, ReadsPerformanceDataWhereverItStands) {
  EXPECT_THAT(run({"DISK OK - free | a=1 b=2", "long one", "long two | c=3", "d=4"}),
              ElementsAre("state 1000 check host=h OK DISK OK - free\\x0along one\\x0along two",
                          "sample 1000 check_value host=h,label=a 1",
                          "sample 1000 check_value host=h,label=b 2",
                          "sample 1000 check_value host=h,label=c 3",
                          "sample 1000 check_value host=h,label=d 4"));
}

TEST(NagiosOutput, UnitsBecomeSecondsAndBytes) {
  EXPECT_THAT(data("a=5ms b=2KB c=1.5GiB d=3% e=7c f=21,5C g=2EB h=1e3us i=-4s"),
              ElementsAre("sample 1000 check_seconds host=h,label=a 0.005",
                          "sample 1000 check_bytes host=h,label=b 2048",
                          "sample 1000 check_bytes host=h,label=c 1610612736",
                          "sample 1000 check_percent host=h,label=d 3",
                          "delta 1000 check_total host=h,label=e 7",
                          "sample 1000 check_value host=h,label=f,unit=C 21.5",
                          "sample 1000 check_bytes host=h,label=g 2305843009213693952",
                          "sample 1000 check_seconds host=h,label=h 0.001",
                          "sample 1000 check_seconds host=h,label=i -4"));
}

TEST(NagiosOutput, ThresholdsHaveTheValuesUnitAndTags) {
  EXPECT_THAT(data("/=2MB;3;4;0;5"), ElementsAre("sample 1000 check_bytes host=h,label=/ 2097152",
                                                 "sample 1000 check_warning_bytes host=h,label=/ "
                                                 "3145728",
                                                 "sample 1000 check_critical_bytes host=h,label=/ "
                                                 "4194304",
                                                 "sample 1000 check_min_bytes host=h,label=/ 0",
                                                 "sample 1000 check_max_bytes host=h,label=/ "
                                                 "5242880"));
  EXPECT_THAT(data("n=7c;8"), ElementsAre("delta 1000 check_total host=h,label=n 7",
                                          "sample 1000 check_warning host=h,label=n 8"));
}

TEST(NagiosOutput, ARangeHasTwoEnds) {
  EXPECT_THAT(data("a=1;10:20;~:5"), ElementsAre("sample 1000 check_value host=h,label=a 1",
                                                 "sample 1000 check_warning_low host=h,label=a 10",
                                                 "sample 1000 check_warning host=h,label=a 20",
                                                 "sample 1000 check_critical host=h,label=a 5"));
  EXPECT_THAT(data("a=1;@10:20;30:"),
              ElementsAre("sample 1000 check_value host=h,label=a 1",
                          "sample 1000 check_warning_low host=h,label=a,range=inside 10",
                          "sample 1000 check_warning host=h,label=a,range=inside 20",
                          "sample 1000 check_critical_low host=h,label=a 30"));
}

TEST(NagiosOutput, LabelsMayBeQuoted) {
  EXPECT_THAT(data("'a b''c=d'=1 'C:\\'=2"),
              ElementsAre("sample 1000 check_value host=h,label=a b'c\\=d 1",
                          "sample 1000 check_value host=h,label=C:_ 2"));
}

TEST(NagiosOutput, WhatIsBadCostsItselfAlone) {
  EXPECT_THAT(data("a=U;1;2 b =5 =3 c= d=x 'open=1"),
              ElementsAre("!missing-field", "!bad-name", "!bad-name", "!missing-field",
                          "!bad-number", "!missing-field"))
      << "`U` says nothing; a blank parts";
  EXPECT_THAT(data("a=1;x;2 b=2;;;1:2 c=3"),
              ElementsAre("sample 1000 check_value host=h,label=a 1", "!bad-number",
                          "sample 1000 check_value host=h,label=b 2", "!bad-number",
                          "sample 1000 check_value host=h,label=c 3"));
}

TEST(NagiosOutput, ANumberWithMoreBehindItThanAUnitIsNone) {
  for (const auto* item : {"date=2024-01-05", "up=12:30:11", "v=1.2.3", "n=1,234.5", "x=0x1F",
                           "q=5'", "q=5\"", "a=5+", "m=5m3"}) {
    EXPECT_THAT(data(item), ElementsAre("!bad-number")) << item;
  }
  EXPECT_THAT(data("r=5kB/s"), ElementsAre("sample 1000 check_value host=h,label=r,unit=kB/s 5"));
}

TEST(NagiosOutput, WhatIsWrongStandsBehindTheFirstLineHoweverMuchThereIs) {
  EXPECT_THAT(run({"first", "second"}, {{}, "did not end"}),
              ElementsAre("state 1000 check host=h CRITICAL first (did not end)\\x0asecond"));
  EXPECT_THAT(run({std::string(65530, 'x')}, {{}, "did not end"}).front(),
              HasSubstr("xxx (did not end)"));
}

TEST(NagiosOutput, TheLastPieceOfAPluginThatWasEndedMayBeHalfAndIsLeftOut) {
  const PluginEnd ended{.exit_status = {}, .fault = "ended", .half_line = true};
  EXPECT_THAT(run({"OK | a=1 b=2", "x | c=3 'd e'=4"}, ended),
              ElementsAre("state 1000 check host=h CRITICAL OK (ended)\\x0ax",
                          "sample 1000 check_value host=h,label=a 1",
                          "sample 1000 check_value host=h,label=b 2",
                          "sample 1000 check_value host=h,label=c 3"));
  EXPECT_THAT(run({"OK | a=1"}, ended), SizeIs(1));
  EXPECT_THAT(run({"OK | a=1", "no data"}, ended), SizeIs(2));
  EXPECT_THAT(run({"OK | a=1"}, {.exit_status = 0, .half_line = true}), SizeIs(2))
      << "it ended by itself";
}

TEST(NagiosOutput, ANameMayHaveTags) {
  EXPECT_THAT(run({"OK | a=1"}, {0, {}}, "disk mount=/"),
              ElementsAre("state 1000 disk host=h,mount=/ OK OK",
                          "sample 1000 disk_value host=h,label=a,mount=/ 1"));
  EXPECT_THAT(run({"OK"}, {0, {}}, "a=b"), ElementsAre("state 1000 a_b host=h OK OK"));
}

TEST(NagiosOutput, AFloodIsCutAndTheStateComes) {
  TextLines lines(TextFormat::kNagios);
  EXPECT_THAT(lines.take("CRITICAL"), IsEmpty());
  const std::string line(1000, 'x');
  std::size_t refused = 0;
  for (int i = 0; i < 1000; ++i) refused += lines.take(line).size();
  EXPECT_EQ(refused, 1U) << "told once";
  const auto said = lines.finish({2, {}});
  ASSERT_THAT(said, SizeIs(1));
  EXPECT_THAT(said.front(), HasSubstr("CRITICAL CRITICAL\\x0axxx"));
}

TEST(NagiosOutput, OneRunLeavesNothingToTheNext) {
  TextLines lines(TextFormat::kNagios);
  EXPECT_THAT(lines.take("OK | a=1"), IsEmpty());
  EXPECT_THAT(lines.finish({0, {}}), SizeIs(2));
  EXPECT_THAT(lines.finish({1, {}}), ElementsAre("state 1000 check host=h WARNING (no output)"));
}

}  // namespace
}  // namespace lariat::proto
