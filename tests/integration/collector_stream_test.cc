#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/integration/collector_run.h"

namespace lariat::test {
namespace {

using testing::HasSubstr;

constexpr std::string_view kStream = R"("mode": "stream")";

TEST(StreamCollector, ThatClosesItsAnswerTwiceIsAskedOnceAnInterval) {
  CollectorRun run(
      {good_collector(), shell_collector("twice",
                                         "n=1000000; while read -r word time; do n=$((n+1)); "
                                         "echo sample $time ticks $n; echo done; echo done; done",
                                         kStream)});
  // The last of three ticks has been answered wholly.
  const auto answered = run.metrics_after("twice", "ok", 3);
  const auto ticks = run.exposed("ticks").value_or(0) - 1'000'000;
  EXPECT_NEAR(static_cast<double>(runs_of(answered, "twice", "ok")), ticks, 1);
  EXPECT_LE(static_cast<double>(runs_of(answered, "twice", "ok")), ticks)
      << "one answer a tick, whatever it says";
  EXPECT_EQ(answered.sum("lariat_collector_rejected_total", {{"collector", "twice"}}), 0);
  EXPECT_EQ(run.status("twice", "healthy"), "true");
  run.expect_good_unharmed();
  run.expect_clean_end();
}

TEST(StreamCollector, ThatAnswersAfterItsDeadlineIsEndedAndWhatItPrintedCounts) {
  CollectorRun run({good_collector(),
                    shell_collector("late",
                                    "trap 'echo sample 1700000000 late 1000002; echo done; exit 0' "
                                    "TERM; while read -r word time; do "
                                    "echo sample $time late 1000001; sleep 1000 & wait; done",
                                    R"("mode": "stream", "interval": "5s", "timeout": "1s")")});
  const auto ended = run.metrics_when([](const MetricsText& now) {
    return runs_of(now, "late", "timeout") >= 1 && frames_of(now, "late") >= 2;
  });
  EXPECT_EQ(runs_of(ended, "late", "timeout"), 1U) << run.agent().log();
  EXPECT_EQ(frames_of(ended, "late"), 2U) << "before and behind the deadline";
  EXPECT_EQ(ended.sum("lariat_collector_runs_total", {{"collector", "late"}}), 1)
      << "an answer that comes too late is none";
  run.expect_good_unharmed();
  run.expect_clean_end();
}

TEST(StreamCollector, ThatTakesLongerThanItsIntervalIsLateAndAskedAtOnce) {
  CollectorRun run({good_collector(),
                    shell_collector("slow",
                                    "while read -r word time; do sleep 0.9; "
                                    "echo sample $time slow 1000000; echo done; done",
                                    R"("mode": "stream", "interval": "1s", "timeout": "1s")")});
  const auto ran = run.metrics_when([](const MetricsText& now) {
    return runs_of(now, "slow", "ok") + runs_of(now, "slow", "timeout") >= 2;
  });
  EXPECT_EQ(frames_of(ran, "slow"), runs_of(ran, "slow", "ok"));
  run.expect_good_unharmed();
  run.expect_clean_end();
}

TEST(StreamCollector, ThatClosesItsInputCostsTheAgentNothing) {
  CollectorRun run(
      {good_collector(), shell_collector("closed", "exec <&-; exec sleep 1000", kStream)});
  const auto ended = run.metrics_after("closed", "timeout", 1);
  EXPECT_EQ(runs_of(ended, "closed", "timeout"), 1U) << run.agent().log();
  EXPECT_THAT(run.status("closed", "last_error"), HasSubstr("did not close its answer"));
  run.expect_good_unharmed();
  run.expect_clean_end();
}

TEST(StreamCollector, ThatEndsWithoutAnErrorIsToldThatAStreamLivesOn) {
  CollectorRun run(
      {good_collector(),
       shell_collector("ends", "read -r word time; echo sample $time ends 1000000", kStream)});
  const auto ended = run.metrics_after("ends", "failed", 1);
  EXPECT_GE(runs_of(ended, "ends", "failed"), 1U) << run.agent().log();
  EXPECT_EQ(runs_of(ended, "ends", "ok"), 0U);
  EXPECT_THAT(run.status("ends", "last_error"), HasSubstr("a stream lives on"));
  run.expect_good_unharmed();
  run.expect_clean_end();
}

TEST(FeedCollector, PrintsWhenItLikesWithoutADeadlineAndComesBack) {
  CollectorRun run({good_collector(),
                    shell_collector("feed",
                                    "echo x >> @DIR@/starts; echo sample 1700000000 feed 1000000; "
                                    "sleep 1.5; echo sample 1700000000 feed 1000001; exit 0",
                                    R"("mode": "feed", "interval": "1s")")});
  const auto back = run.metrics_when([](const MetricsText& now) {
    return now.count("lariat_collector_restarts_total", {{"collector", "feed"}}) >= 1 &&
           frames_of(now, "feed") >= 3;
  });
  EXPECT_EQ(frames_of(back, "feed"), 3U) << run.agent().log();
  EXPECT_EQ(runs_of(back, "feed", "timeout"), 0U) << "it has no deadline";
  EXPECT_EQ(read_file(run.agent().path("starts")), "x\nx\n");
  run.expect_good_unharmed();
  run.expect_clean_end();
}

}  // namespace
}  // namespace lariat::test
