#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/integration/collector_run.h"

namespace lariat::test {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;

std::string collector_total(const std::string& what) {
  return "lariat_collector_" + what + "_total";
}

TEST(HangingCollector, AOneshotIsEndedAtItsDeadlineCountedAndComesBack) {
  CollectorRun run({good_collector(), shell_collector("hang",
                                                      "echo sample 1700000000 hang 1000000; "
                                                      "[ -e @DIR@/mended ] || sleep 1000",
                                                      R"("interval": "2s", "timeout": "1s")")});
  const auto hung = run.metrics_after("hang", "timeout", 1);
  EXPECT_EQ(runs_of(hung, "hang", "timeout"), 1U) << run.agent().log();
  EXPECT_EQ(frames_of(hung, "hang"), 1U) << "what it printed before counts";
  EXPECT_THAT(run.status("hang", "last_error"), HasSubstr("did not end within 1s"));
  EXPECT_THAT(run.status("hang", "last_error"), HasSubstr("`timeout`"));
  EXPECT_EQ(run.status("hang", "healthy"), "false");

  write_file(run.agent().path("mended"), "");
  const auto mended = run.metrics_after("hang", "ok", 1);
  EXPECT_GE(runs_of(mended, "hang", "ok"), 1U) << run.agent().log();
  EXPECT_EQ(run.status("hang", "healthy"), "true");
  EXPECT_EQ(run.status("hang", "last_error"), "null");
  run.expect_good_unharmed();
  run.expect_clean_end();
}

TEST(HangingCollector, AStreamIsEndedAtItsDeadlineCountedAndComesBack) {
  CollectorRun run(
      {good_collector(), shell_collector("hang",
                                         "while read -r word time; do "
                                         "[ -e @DIR@/mended ] || sleep 1000; "
                                         "echo sample $time hang 1000000; echo done; done",
                                         R"("mode": "stream")")});
  const auto hung = run.metrics_after("hang", "timeout", 1);
  EXPECT_EQ(runs_of(hung, "hang", "timeout"), 1U) << run.agent().log();
  EXPECT_EQ(hung.sum(collector_total("runs"), {{"collector", "hang"}}), 1)
      << "its end was the deadline's and is not counted again";
  EXPECT_THAT(run.status("hang", "last_error"), HasSubstr("did not close its answer within 1s"));

  write_file(run.agent().path("mended"), "");
  const auto mended = run.metrics_after("hang", "ok", 2);
  EXPECT_GE(runs_of(mended, "hang", "ok"), 2U) << run.agent().log();
  EXPECT_GE(mended.count(collector_total("restarts"), {{"collector", "hang"}}), 1U);
  EXPECT_EQ(mended.count(collector_total("restarts"), {{"collector", "hang"}}),
            runs_of(mended, "hang", "timeout"));
  run.expect_good_unharmed();
  run.expect_clean_end();
}

TEST(HangingCollector, OneThatIgnoresTermIsKilledTwoSecondsLater) {
  CollectorRun run({good_collector(), shell_collector("deaf",
                                                      "trap '' TERM; echo $$ > @DIR@/pid; "
                                                      "while :; do sleep 1000 || :; done",
                                                      R"("interval": "23h", "timeout": "1s")")});
  const pid_t pid = pid_in(run.agent().path("pid"));
  const auto timed_out = run.metrics_after("deaf", "timeout", 1);
  EXPECT_EQ(runs_of(timed_out, "deaf", "timeout"), 1U);
  const auto told = std::chrono::steady_clock::now();
  EXPECT_TRUE(alive(pid)) << "it has two seconds";
  EXPECT_TRUE(wait_until([pid] { return !alive(pid); }));
  const auto lived = std::chrono::steady_clock::now() - told;
  EXPECT_GT(lived, milliseconds(1'000));
  EXPECT_LT(lived, milliseconds(kSanitized ? 10'000 : 4'000));
  EXPECT_TRUE(wait_until([&] { return children_of(run.pid()).size() == 1; }))
      << "only the good one is left";
  const auto after = run.metrics();
  EXPECT_EQ(runs_of(after, "deaf", "timeout"), 1U);
  EXPECT_EQ(after.sum(collector_total("runs"), {{"collector", "deaf"}}), 1);
  run.expect_good_unharmed();
  run.expect_clean_end();
}

TEST(CrashingCollector, CostsItsRunAndIsNamedWithItsSignalOrStatus) {
  CollectorRun run(
      {good_collector(),
       shell_collector("segv", "echo sample 1700000000 segv 1000000; kill -SEGV $$", kOnce),
       shell_collector("three", "echo sample 1700000000 three 1000000; exit 3", kOnce)});
  const auto crashed = run.metrics_when([](const MetricsText& now) {
    return runs_of(now, "segv", "killed") >= 1 && runs_of(now, "three", "failed") >= 1;
  });
  EXPECT_EQ(runs_of(crashed, "segv", "killed"), 1U);
  EXPECT_EQ(runs_of(crashed, "three", "failed"), 1U);
  EXPECT_EQ(frames_of(crashed, "segv"), 1U) << "what it printed before counts";
  EXPECT_EQ(frames_of(crashed, "three"), 1U) << "what it printed before counts";
  EXPECT_EQ(crashed.sum(collector_total("rejected")), 0);
  EXPECT_THAT(run.status("segv", "last_error"), HasSubstr("SIGSEGV"));
  EXPECT_THAT(run.status("three", "last_error"), HasSubstr("status 3"));
  EXPECT_TRUE(run.agent().says("collector segv: was ended by SIGSEGV"));
  EXPECT_TRUE(run.agent().says("collector three: ended with status 3"));
  EXPECT_EQ(run.agent().get("/-/ready").status, 200) << "each ran once";
  run.expect_good_unharmed();
  run.expect_clean_end();
}

TEST(CrashingCollector, AStreamComesBackAfterALongerWaitEachTime) {
  CollectorRun run({good_collector(), shell_collector("weak", "echo x >> @DIR@/starts; exit 1",
                                                      R"("mode": "stream")")});
  const auto begun = std::chrono::steady_clock::now();
  const auto back = run.metrics_when([](const MetricsText& now) {
    return now.count("lariat_collector_restarts_total", {{"collector", "weak"}}) >= 2 &&
           runs_of(now, "weak", "failed") >= 3;
  });
  const auto took = std::chrono::steady_clock::now() - begun;
  EXPECT_GE(took, milliseconds(2'500)) << "1 s and 2 s, and up to half as much again";
  EXPECT_EQ(back.count("lariat_collector_restarts_total", {{"collector", "weak"}}), 2U);
  EXPECT_EQ(runs_of(back, "weak", "failed"), 3U) << run.agent().log();
  EXPECT_EQ(read_file(run.agent().path("starts")), "x\nx\nx\n");
  EXPECT_EQ(run.status("weak", "state"), R"("backing off")");
  EXPECT_THAT(run.status("weak", "last_error"), HasSubstr("a stream lives on"));
  run.expect_good_unharmed();
  run.expect_clean_end();
}

TEST(TalkativeCollector, HasTenLinesOfItsRunInTheLogAndTheRestAsANumber) {
  CollectorRun run(
      {good_collector(), shell_collector("chatter",
                                         "i=0; while [ $i -lt 5000 ]; do echo line $i; i=$((i+1)); "
                                         "done >&2; echo sample 1700000000 chatter 1000000",
                                         kOnce)});
  const auto ran = run.metrics_after("chatter", "ok", 1);
  EXPECT_EQ(frames_of(ran, "chatter"), 1U);
  EXPECT_TRUE(run.agent().says("collector chatter: says: line 9\n"));
  EXPECT_TRUE(run.agent().says("4990 more lines were left out"));
  EXPECT_THAT(run.agent().log(), Not(HasSubstr("says: line 10\n")));
  EXPECT_EQ(ran.sum(collector_total("rejected"), {{"collector", "chatter"}}), 0);
  run.expect_good_unharmed();
  run.expect_clean_end();
}

TEST(TalkativeCollector, ThatFloodsItsErrorOutputIsEndedToo) {
  CollectorRun run(
      {good_collector(), shell_collector("screams", "exec yes words for nobody >&2",
                                         R"("interval": "23h", "max_output": "1MiB")")});
  const auto ended = run.metrics_after("screams", "killed", 1);
  EXPECT_EQ(runs_of(ended, "screams", "killed"), 1U) << run.agent().log();
  EXPECT_THAT(run.status("screams", "last_error"), HasSubstr("printed more than 1.0 MiB"));
  EXPECT_TRUE(run.agent().says("more lines were left out"));
  const auto log = run.agent().log();
  EXPECT_LT(std::count(log.begin(), log.end(), '\n'), 20) << log;
  run.expect_good_unharmed();
  run.expect_clean_end();
}

TEST(CollectorThatCannotBeExecuted, IsToldWithWhatIsWrong) {
  TemporaryDirectory programs;
  write_file(programs.file("no_interpreter"), "#!/no/such/interpreter\n");
  write_file(programs.file("no_program"), "\x01\x02\x03\n");
  write_file(programs.file("not_executable"), "#!/bin/sh\n");
  for (const auto* name : {"no_interpreter", "no_program"}) {
    ::chmod(programs.file(name).c_str(), 0755);
  }
  std::vector<std::string> all = {good_collector()};
  for (const auto* name : {"missing", "no_interpreter", "no_program", "not_executable"}) {
    all.push_back("\"" + std::string(name) + R"(": {"command": [")" + programs.file(name) +
                  R"("], "interval": "23h"})");
  }
  CollectorRun run(all);
  const auto failed = run.metrics_when([](const MetricsText& now) {
    return now.sum("lariat_collector_runs_total", {{"result", "failed"}}) >= 4;
  });
  EXPECT_EQ(failed.sum("lariat_collector_runs_total", {{"result", "failed"}}), 4);
  EXPECT_THAT(run.status("missing", "last_error"), HasSubstr("does not exist"));
  EXPECT_THAT(run.status("no_interpreter", "last_error"), HasSubstr("interpreter"));
  EXPECT_THAT(run.status("no_program", "last_error"), HasSubstr("is no program"));
  EXPECT_THAT(run.status("not_executable", "last_error"), HasSubstr("chmod +x"));
  run.expect_good_unharmed();
  run.expect_clean_end();
}

TEST(CollectorThatIsStopped, IsEndedAtItsDeadlineToo) {
  CollectorRun run(
      {good_collector(), shell_collector("stopped", "echo $$ > @DIR@/pid; kill -STOP $$",
                                         R"("interval": "23h", "timeout": "1s")")});
  const auto pid = pid_in(run.agent().path("pid"));
  EXPECT_EQ(runs_of(run.metrics_after("stopped", "timeout", 1), "stopped", "timeout"), 1U);
  EXPECT_TRUE(wait_until([pid] { return !alive(pid); }));
  run.expect_good_unharmed();
  run.expect_clean_end();
}

TEST(CollectorsSurroundings, AreWhatItsDescriptionSays) {
  CollectorRun run({shell_collector(
      "set",
      "echo sample 1700000000 niceness $(nice); echo sample 1700000000 level $LEVEL; "
      "echo sample 1700000000 memory $(ulimit -v); echo sample 1700000000 interval "
      "$LARIAT_INTERVAL; echo sample 1700000000 open_files $(ls /proc/self/fd | wc -l)",
      R"("interval": "7h", "nice": 5, "env": {"LEVEL": "1000007"}, "max_memory": "512MiB")")});
  const auto ran = run.metrics_after("set", "ok", 1);
  EXPECT_EQ(frames_of(ran, "set"), 5U) << run.agent().log();
  EXPECT_GE(run.exposed("niceness").value_or(0), 5);
  EXPECT_EQ(run.exposed("level"), 1'000'007);
  EXPECT_EQ(run.exposed("memory"), 512 * 1024);
  EXPECT_EQ(run.exposed("interval"), 7 * 3600);
  EXPECT_EQ(run.exposed("open_files"), 4) << "the standard ones, and that of the folder";
  run.expect_clean_end();
}

TEST(SwitchedOffCollector, DoesNotRunAndIsNotWaitedFor) {
  CollectorRun run(
      {good_collector(), shell_collector("off", "echo x > @DIR@/ran", R"("enabled": false)")});
  EXPECT_GE(runs_of(run.metrics_after("good", "ok", 2), "good", "ok"), 2U);
  EXPECT_EQ(run.status("off", "state"), R"("disabled")");
  EXPECT_EQ(run.status("off", "healthy"), "true");
  EXPECT_EQ(run.agent().get("/-/ready").status, 200);
  EXPECT_EQ(run.metrics().sum(collector_total("runs"), {{"collector", "off"}}), 0);
  EXPECT_THROW((void)read_file(run.agent().path("ran")), std::runtime_error);
  run.expect_clean_end();
}

TEST(CollectorNotExposed, IsSentToTheEndpointsAndOnNoPage) {
  CollectorRun run(
      {good_collector(), shell_collector("inside", "echo sample 1700000000 inside 1000000",
                                         R"("interval": "23h", "expose": false)")});
  const auto ran = run.metrics_when([](const MetricsText& now) {
    return runs_of(now, "inside", "ok") >= 1 && runs_of(now, "good", "ok") >= 1;
  });
  EXPECT_EQ(frames_of(ran, "inside"), 1U);
  EXPECT_TRUE(wait_until([&] {
    const auto missing = run.receiver().numbers().missing(1'000'001);
    return !missing.empty() && missing.back().last == 999'999;
  })) << "the receiver has it";
  EXPECT_TRUE(run.exposed("good").has_value());
  EXPECT_FALSE(run.exposed("inside").has_value());
  run.expect_clean_end();
}

TEST(CollectorOfAnotherUser, RunsAsThatUserAndAnUnknownOneIsSaid) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become another user";
  CollectorRun run({shell_collector("as_nobody", "echo sample 1700000000 uid $(id -u)",
                                    R"("interval": "23h", "user": "nobody")"),
                    shell_collector("unknown", "echo sample 1700000000 unknown 1",
                                    R"("interval": "23h", "user": "no-such-user")")});
  const auto ran = run.metrics_when([](const MetricsText& now) {
    return runs_of(now, "as_nobody", "ok") >= 1 && runs_of(now, "unknown", "failed") >= 1;
  });
  EXPECT_EQ(runs_of(ran, "as_nobody", "ok"), 1U) << run.agent().log();
  EXPECT_EQ(run.exposed("uid"), 65534);
  EXPECT_EQ(runs_of(ran, "unknown", "failed"), 1U);
  EXPECT_EQ(frames_of(ran, "unknown"), 0U);
  EXPECT_THAT(run.status("unknown", "last_error"),
              HasSubstr("there is no user 'no-such-user' on this host"));
  EXPECT_TRUE(run.agent().says("there is no user 'no-such-user'"));
  run.expect_clean_end();
}

}  // namespace
}  // namespace lariat::test
