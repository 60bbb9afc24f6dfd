#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "tests/integration/collector_run.h"

namespace lariat::test {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

TEST(CollectorsChildren, InItsGroupEndWithItAndThoseThatEscapedAreReaped) {
  // All three hold its pipes.
  CollectorRun run({good_collector(),
                    shell_collector("parent",
                                    "sleep 1000 & echo $! > @DIR@/in_group; "
                                    "setsid sh -c 'echo $$ > @DIR@/escaped; exec sleep 1000' & "
                                    "setsid sh -c 'echo $$ > @DIR@/brief; exec sleep 1' & "
                                    "while ! [ -s @DIR@/escaped ] || ! [ -s @DIR@/brief ]; do "
                                    "sleep 0.02; done; "
                                    "echo sample 1700000000 parent 1000000",
                                    kOnce)});
  const auto ran = run.metrics_after("parent", "ok", 1);
  ASSERT_EQ(runs_of(ran, "parent", "ok"), 1U)
      << "its pipes are held by others, and it has ended: " << run.agent().log();
  EXPECT_EQ(frames_of(ran, "parent"), 1U);
  const pid_t escaped = pid_in(run.agent().path("escaped"));
  const pid_t in_group = pid_in(run.agent().path("in_group"));
  const pid_t brief = pid_in(run.agent().path("brief"));
  EXPECT_TRUE(wait_until([in_group] { return !alive(in_group); }));
  EXPECT_TRUE(alive(escaped)) << "it made itself a session of its own";
  const auto gone = [&](pid_t pid) {
    const auto children = children_of(run.pid());
    return std::none_of(children.begin(), children.end(),
                        [pid](const Child& child) { return child.pid == pid; });
  };
  EXPECT_FALSE(gone(escaped)) << "the agent is its parent now";
  EXPECT_TRUE(wait_until([&] { return gone(brief); }));
  ::kill(escaped, SIGKILL);
  EXPECT_TRUE(wait_until([&] { return gone(escaped) && gone(in_group); })) << "they are reaped";
  const auto left = children_of(run.pid());
  EXPECT_EQ(left.size(), 1U) << "the good one";
  run.expect_good_unharmed();
  run.expect_clean_end();
}

std::string waits_in(std::string_view pid_file) {
  return "echo $$ > @DIR@/" + std::string(pid_file) + "; exec sleep 1000";
}
std::string stream_in(std::string_view pid_file) {
  return "echo $$ > @DIR@/" + std::string(pid_file) +
         "; while read -r word time; do echo sample $time stream 1000000; echo done; done";
}

TEST(KilledAgent, LeavesNoCollectorRunning) {
  CollectorRun run({good_collector(), shell_collector("oneshot", waits_in("oneshot"), kOnce),
                    shell_collector("stream", stream_in("stream"), R"("mode": "stream")"),
                    shell_collector("feed", waits_in("feed"), R"("mode": "feed")")});
  std::vector<pid_t> pids;
  for (const auto* name : {"oneshot", "stream", "feed"}) {
    pids.push_back(pid_in(run.agent().path(name)));
  }
  for (const auto& child : children_of(run.pid())) pids.push_back(child.pid);
  EXPECT_EQ(pids.size(), 7U);
  run.agent().process().signal(SIGKILL);
  EXPECT_EQ(run.agent().process().wait(), 128 + SIGKILL);
  EXPECT_TRUE(wait_until([&] {
    return std::none_of(pids.begin(), pids.end(), [](pid_t pid) { return alive(pid); });
  })) << "the kernel tells them, and nobody waits for them any more";
}

TEST(StoppedAgent, MakesUpForWhatItMissedWithOneRun) {
  CollectorRun run({good_collector(), shell_collector("each_second",
                                                      "echo x >> @DIR@/runs; "
                                                      "echo sample 1700000000 each 1000000")});
  (void)run.metrics_after("each_second", "ok", 2);
  run.agent().process().stop();
  const auto before = read_file(run.agent().path("runs")).size();
  run.agent().process().wait(milliseconds(3'500));
  run.agent().process().go_on();
  const auto began = std::chrono::steady_clock::now();
  const auto caught_up = run.metrics_when([](const MetricsText& now) {
    return now.count("lariat_collector_late_total", {{"collector", "each_second"}}) >= 1;
  });
  const auto after = read_file(run.agent().path("runs")).size();
  EXPECT_GE(caught_up.count("lariat_collector_late_total", {{"collector", "each_second"}}), 1U);
  const auto since =
      std::chrono::ceil<std::chrono::seconds>(std::chrono::steady_clock::now() - began);
  const auto runs = (after - before) / 2;  // Two octets each.
  EXPECT_LE(runs, 1U + static_cast<std::uint64_t>(since.count())) << "three were missed before";
  run.expect_good_unharmed();
  run.expect_clean_end();
}

TEST(EndOfTheAgent, EndsItsCollectorsDeliversTheirLastWordsAndKillsTheDeaf) {
  CollectorRun run(
      {good_collector(),
       shell_collector("polite",
                       "trap 'echo sample 1700000000 last 1000001; exit 0' TERM; "
                       "echo $$ > @DIR@/polite; while :; do sleep 1000 & wait; done",
                       kOnce),
       shell_collector("deaf", "trap '' TERM; echo $$ > @DIR@/deaf; while :; do sleep 1000; done",
                       kOnce),
       shell_collector("stream", stream_in("stream"), R"("mode": "stream")")});
  std::vector<pid_t> pids;
  for (const auto* name : {"polite", "deaf", "stream"}) {
    pids.push_back(pid_in(run.agent().path(name)));
  }
  EXPECT_GE(runs_of(run.metrics_after("good", "ok", 1), "good", "ok"), 1U);
  const auto asked = std::chrono::steady_clock::now();
  run.expect_clean_end();
  const auto took = std::chrono::steady_clock::now() - asked;
  EXPECT_GE(took, milliseconds(1'800)) << "the deaf one has two seconds";
  EXPECT_LT(took, milliseconds(kSanitized ? 15'000 : 5'000)) << "within shutdown_grace";
  for (const pid_t pid : pids) EXPECT_FALSE(alive(pid));
  const auto numbers = run.receiver().numbers();
  EXPECT_EQ(numbers.ranges().back().last, 1'000'001U) << "what one said at its end came";
}

TEST(EndOfTheAgent, WaitsNoLongerThanItsGraceAndStillLeavesNone) {
  CollectorRun run({good_collector(), shell_collector("deaf",
                                                      "trap '' TERM; echo $$ > @DIR@/deaf; "
                                                      "while :; do sleep 1000; done",
                                                      kOnce)},
                   R"("shutdown_grace": "1s")");
  const auto pid = pid_in(run.agent().path("deaf"));
  const auto asked = std::chrono::steady_clock::now();
  EXPECT_EQ(run.agent().end(), 0) << run.agent().log();
  EXPECT_LT(std::chrono::steady_clock::now() - asked, milliseconds(kSanitized ? 10'000 : 1'900))
      << "before the deaf one had its two seconds";
  EXPECT_TRUE(wait_until([pid] { return !alive(pid); }));
}

/// Two hundred collectors of the same interval; fewer with sanitizers, which start slowly.
class ManyCollectors : public testing::Test {
 protected:
  static constexpr std::uint64_t kMany = kSanitized ? 20 : 200;

  static std::vector<std::string> all(const std::string& script, std::string_view more) {
    std::vector<std::string> run;
    for (std::uint64_t i = 0; i < kMany; ++i) {
      const auto name = "c" + std::to_string(i);
      run.push_back(shell_collector(name, "i=" + name + "; " + script, more));
    }
    return run;
  }
  static std::uint64_t runs(const MetricsText& now) {
    return static_cast<std::uint64_t>(now.sum("lariat_collector_runs_total"));
  }
};

TEST_F(ManyCollectors, StartTogetherAndHoldNobodyUp) {
  CollectorRun run(all("echo sample 1700000000 began i=$i 1000000", kOnce));
  milliseconds longest{0};
  const Deadline end(kPatience);
  const auto all_ran = [&run] { return runs(run.metrics()) >= kMany; };
  do {
    for (int i = 0; i < 10; ++i) {
      const auto asked = std::chrono::steady_clock::now();
      EXPECT_EQ(run.agent().get("/-/healthy").status, 200);
      longest = std::max(longest, std::chrono::duration_cast<milliseconds>(
                                      std::chrono::steady_clock::now() - asked));
      run.agent().process().wait(milliseconds(10));
    }
  } while (!all_ran() && !end.passed());
  EXPECT_LT(longest, milliseconds(kSanitized ? 4'000 : 1'000)) << "the loop turns in between";
  const auto ran = run.metrics();
  EXPECT_EQ(runs(ran), kMany);
  EXPECT_EQ(ran.sum("lariat_collector_runs_total", {{"result", "ok"}}), kMany) << run.agent().log();
  EXPECT_EQ(ran.sum("lariat_log_frames_total"), kMany);
  EXPECT_EQ(ran.sum("lariat_collector_late_total"), 0);
  // Of each: its output has come, or it has ended, or both; the start itself, which waits for the
  // child's exec, is another switch. What this test asks in between is some more.
  EXPECT_LT(ran.count("lariat_loop_wakeups_total"), 5 * kMany);
  EXPECT_LT(status_number(run.pid(), "voluntary_ctxt_switches"), 7 * kMany);
  EXPECT_LE(ran.count("lariat_loop_wakeups_idle_total"), 5U);
  EXPECT_TRUE(wait_until([&] { return children_of(run.pid()).empty(); })) << "none is a zombie";
  run.expect_clean_end();
}

TEST_F(ManyCollectors, OfOneIntervalAreAskedAtTheSameMoment) {
  CollectorRun run(
      all("while read -r word time; do echo sample $time asked i=$i $time; "
          "echo done; done",
          R"("mode": "stream", "interval": "5s")"));
  // What they were told is what they say.
  const auto moments = [&run] {
    const auto host = run.agent().metrics("host");
    std::set<double> told;
    for (std::uint64_t i = 0; i < kMany; ++i) {
      told.insert(host.find("asked", {{"i", "c" + std::to_string(i)}}).value_or(0));
    }
    return told;
  };
  EXPECT_TRUE(wait_until([&] { return moments().size() == 1; }, 2 * kPatience, milliseconds(200)))
      << "all were told the same second";
  EXPECT_GT(*moments().rbegin(), 0);
  const auto reading = run.metrics();
  EXPECT_EQ(reading.sum("lariat_collector_runs_total", {{"result", "ok"}}), runs(reading))
      << run.agent().log();
  EXPECT_LE(reading.count("lariat_loop_wakeups_idle_total"), 5U);
  run.expect_clean_end();
}

TEST(AgentOutOfDescriptors, SaysSoGoesOnAndRecovers) {
  std::vector<std::string> all = {good_collector()};
  for (int i = 0; i < 15; ++i) {
    all.push_back(
        shell_collector("s" + std::to_string(i),
                        "while read -r word time; do echo sample $time s 1000000; echo done; done",
                        R"("mode": "stream")"));
  }
  CollectorRun run(all, "", {"prlimit", "--nofile=48:4096"});
  const auto short_of = run.metrics_when([](const MetricsText& now) {
    return now.sum("lariat_collector_runs_total", {{"result", "failed"}}) >= 3;
  });
  EXPECT_GE(short_of.sum("lariat_collector_runs_total", {{"result", "failed"}}), 3);
  EXPECT_TRUE(run.agent().says("raise the agent's limit of open files (LimitNOFILE=)"));
  EXPECT_EQ(run.agent().get("/-/healthy").status, 200) << "HTTP has kept one for itself";
  EXPECT_GE(runs_of(run.metrics_after("good", "ok", 2), "good", "ok"), 2U);

  const rlimit enough{.rlim_cur = 4096, .rlim_max = 4096};
  ASSERT_EQ(::prlimit(run.pid(), RLIMIT_NOFILE, &enough, nullptr), 0);
  const auto recovered = run.metrics_when([](const MetricsText& now) {
    for (int i = 0; i < 15; ++i) {
      if (runs_of(now, "s" + std::to_string(i), "ok") < 1) return false;
    }
    return true;
  });
  for (int i = 0; i < 15; ++i) EXPECT_GE(runs_of(recovered, "s" + std::to_string(i), "ok"), 1U);
  run.expect_good_unharmed();
  run.expect_clean_end();
}

}  // namespace
}  // namespace lariat::test
