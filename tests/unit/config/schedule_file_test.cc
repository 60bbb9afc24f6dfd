#include "agent/config/schedule_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/config/support.h"

namespace lariat::config {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

Schedule schedule(std::string_view text, const std::vector<std::string>& taken = {}) {
  return read_schedule(text, "/etc/dbolo.conf", taken);
}

std::vector<std::string> names(const Schedule& schedule) {
  std::vector<std::string> list;
  for (const auto& collector : schedule.collectors) list.push_back(collector.name);
  return list;
}

TEST(ScheduleFile, MakesACollectorOfEachLine) {
  const auto [collectors, warnings] =
      schedule("# comment\n\n  \t# another\n@10s /usr/lib/check_load -w 5 # kept\n\t@2m  x\n");
  ASSERT_EQ(collectors.size(), 2U);
  const Collector expected{.name = "check_load",
                           .command = {"/bin/sh", "-c", "/usr/lib/check_load -w 5 # kept"},
                           .interval = seconds(10),
                           .timeout = seconds(10),
                           .origin = "/etc/dbolo.conf:4"};
  EXPECT_EQ(collectors[0], expected);
  EXPECT_EQ(collectors[1].interval, seconds(120));
  EXPECT_THAT(warnings, IsEmpty());
}

TEST(ScheduleFile, KnowsItsUnitsUpToTwoToThe31stSecond) {
  const auto [collectors, warnings] =
      schedule("@1s a\n@1m a\n@700h a\n@1d a\n@2147483648s a\n@24855d a\n");
  ASSERT_EQ(collectors.size(), 6U) << testing::PrintToString(lines(warnings));
  EXPECT_EQ(collectors[2].interval, seconds(700 * 3600));
  EXPECT_EQ(collectors[3].interval, seconds(86'400));
  EXPECT_EQ(collectors[4].interval, seconds(2'147'483'648));
  EXPECT_EQ(schedule("@2147483649s a\n").collectors.size(), 0U);
  EXPECT_EQ(schedule("@24856d a\n").collectors.size(), 0U);
}

TEST(ScheduleFile, ReadsALastLineWithoutItsEnd) {
  EXPECT_THAT(names(schedule("@10s a\n@10s b")), ElementsAre("a", "b"));
}

TEST(ScheduleFile, TakesLinesOfOtherSystemsAndAnEmptyCommand) {
  const auto [collectors, warnings] = schedule("@10s a\r\n@10s \n");
  ASSERT_EQ(collectors.size(), 2U);
  EXPECT_EQ(collectors[0].command[2], "a");
  EXPECT_EQ(collectors[1].command[2], "");
  EXPECT_EQ(collectors[1].name, "command");
}

TEST(ScheduleFile, CallsCollectorsAfterTheirPrograms) {
  EXPECT_THAT(names(schedule("@1s /a/x.sh -a\n@1s A=/b/c B=2 /d/y\n@1s \"/e f\"\n@1s -z\n@1s |\n")),
              ElementsAre("x.sh", "y", "e", "z", "command"));
  EXPECT_THAT(names(schedule("@1s " + std::string(100, 'x') + "\n")),
              ElementsAre(std::string(56, 'x')));
}

TEST(ScheduleFile, NumbersNamesThatAreThereAlready) {
  EXPECT_THAT(names(schedule("@1s a\n@1s a\n@1s a-2\n@1s a\n", {"a"})),
              ElementsAre("a-2", "a-3", "a-2-2", "a-4"));
}

TEST(ScheduleFile, SaysWhichLinesItSkipsAndWhy) {
  constexpr const char* kHow = ", write @10s, a blank and the command";
  const std::string how = kHow;
  const auto [collectors, warnings] = schedule(
      "10s a\n@s a\n@-1s a\n@10 a\n@10w a\n@1.5s a\n@0s a\n  @10sa\n@10s\n"
      "@99999999999999999999s a\n@1s " +
      std::string(8190, 'x') + "\n@1s good\n");
  EXPECT_THAT(
      lines(warnings),
      ElementsAre("/etc/dbolo.conf:1:1: the line does not begin with @; skipped" + how,
                  "/etc/dbolo.conf:2:1: the interval is not a whole number; skipped" + how,
                  "/etc/dbolo.conf:3:1: the interval is not a whole number; skipped" + how,
                  "/etc/dbolo.conf:4:1: the interval has none of the units s m h d; skipped" + how,
                  "/etc/dbolo.conf:5:1: the interval has none of the units s m h d; skipped" + how,
                  "/etc/dbolo.conf:6:1: the interval has none of the units s m h d; skipped" + how,
                  "/etc/dbolo.conf:7:1: the interval is 0; skipped, write 1s or more",
                  "/etc/dbolo.conf:8:3: no blank stands behind the interval; skipped" + how,
                  "/etc/dbolo.conf:9:1: no blank stands behind the interval; skipped" + how,
                  "/etc/dbolo.conf:10:1: the interval is over 2^31 seconds; skipped",
                  "/etc/dbolo.conf:11:1: the line is over 8190 octets; skipped"));
  ASSERT_EQ(collectors.size(), 1U);
  EXPECT_EQ(collectors[0].origin, "/etc/dbolo.conf:12");
}

TEST(ScheduleFile, SkipsALineWithANul) {
  const auto [collectors, warnings] = schedule(std::string_view("@1s a\0b\n", 8));
  EXPECT_THAT(lines(warnings),
              ElementsAre("/etc/dbolo.conf:1:1: the line has a NUL octet; skipped"));
}

TEST(ScheduleFile, KeepsTheWarningsBehindThoseOfTheConfiguration) {
  FakeHost host;
  host.files["/s"] = "bad\n";
  const auto loaded = parse_on(R"({"collectors": {"schedule_file": "/s"},
    "endpoints": {"a": {"url": "tsdp://x:1"}, "b": {"url": "tsdp://x:1"}}})",
                               host);
  ASSERT_TRUE(loaded.config);
  ASSERT_EQ(loaded.warnings.size(), 2U);
  EXPECT_EQ(loaded.warnings[0].file, "c.json");
  EXPECT_EQ(loaded.warnings[1].file, "/s");
}

TEST(ScheduleFile, OfAMillionEqualLinesIsReadAtOnce) {
  std::string text;
  while (text.size() < (1U << 20U)) text += "@1s a\n";
  EXPECT_EQ(schedule(text).collectors.size(), text.size() / 6);
}

}  // namespace
}  // namespace lariat::config
