#include "agent/collect/collector.h"

#include <gtest/gtest.h>
#include <pwd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <span>
#include <string>

#include "tests/support/frames.h"
#include "tests/unit/collect/collector_fixture.h"

namespace lariat::collect {
namespace {

using config::Mode;
using proto::Reason;

constexpr std::string_view kAnswer =
    "while read -r word time; do echo \"sample $time load 1\"; echo done; done";

TEST_F(CollectorTest, AOneshotIsReadToItsEndAndItsLastLineNeedsNoLf) {
  run(collector(script("p", "echo sample 1700000000 a 1; printf 'sample 1700000000 b 2'")));
  EXPECT_EQ(count(Result::kOk), 1U);
  EXPECT_EQ(sink_.lines, (std::vector<std::string>{"sample 1700000000 a host=web01 1",
                                                   "sample 1700000000 b host=web01 2"}));
  EXPECT_EQ(sink_.origins.at(0), 7U);
  EXPECT_TRUE(collector_->state().healthy);
  EXPECT_EQ(collector_->state().state, "waiting");
}

TEST_F(CollectorTest, ItSeesItsEnvironmentAndNothingOfOurs) {
  auto description = collector(
      script("p",
             "echo \"fact of=$LARIAT_COLLECTOR.$LARIAT_INTERVAL.$A\"; echo \"fact at=$(pwd)\"; "
             "for n in 3 4 5 6 7 8 9; do [ -e /proc/$$/fd/$n ] && echo fact leak=$n; done; read -r "
             "x && echo fact input=yes; exit 0"));
  description.env = {{"A", "b"}};
  run(std::move(description));
  EXPECT_TRUE(sink_.has("mine.60.b")) << sink_.lines.at(0);
  EXPECT_TRUE(sink_.has(" /"));
  EXPECT_FALSE(sink_.has("leak"));
  EXPECT_FALSE(sink_.has("input"));
}

TEST_F(CollectorTest, AFailureSaysWhichAndCostsOnlyItsRun) {
  run(collector(script("p", "echo sample 1700000000 a 1; exit 3")));
  EXPECT_EQ(count(Result::kFailed), 1U);
  EXPECT_EQ(error(), "ended with status 3");
  EXPECT_EQ(sink_.lines.size(), 1U);
  script("p", "echo sample 1700000000 a 1");
  collector_->due(false);
  wait_for_runs(2);
  EXPECT_EQ(count(Result::kOk), 1U);
  EXPECT_EQ(error(), "");
  EXPECT_TRUE(was_told("good again after 1 bad run"));
}

TEST_F(CollectorTest, ACrashIsKilledNotTimedOut) {
  run(collector(script("p", "kill -SEGV $$")));
  EXPECT_EQ(count(Result::kKilled), 1U);
  EXPECT_TRUE(error_has("SIGSEGV")) << error();
}

TEST_F(CollectorTest, OneThatHangsAndIgnoresTermIsKilledAndItsLinesCount) {
  auto description = collector(script("p", "trap '' TERM; echo sample 1700000000 a 1; echo $$ > " +
                                               path("pid") + "; while :; do sleep 1000; done"));
  description.timeout = milliseconds(300);
  run(std::move(description));
  EXPECT_EQ(count(Result::kTimeout), 1U);
  EXPECT_EQ(sink_.lines.size(), 1U);
  EXPECT_FALSE(is_alive(std::stoi(read("pid"))));
  EXPECT_TRUE(error_has("did not end within 300ms")) << error();
}

TEST_F(CollectorTest, OneThatClosesItsOutputAndLivesOnIsHeldToItsDeadline) {
  auto description = collector(script("p", "exec >&- 2>&-; exec sleep 1000"));
  description.timeout = milliseconds(300);
  run(std::move(description));
  EXPECT_EQ(count(Result::kTimeout), 1U);
}

TEST_F(CollectorTest, ChildrenLeftBehindAreKilledAndDoNotHoldTheRun) {
  run(collector(
      script("p", "sleep 1000 & echo $! > " + path("child") + "; echo sample 1700000000 a 1")));
  EXPECT_EQ(count(Result::kOk), 1U);
  EXPECT_EQ(sink_.lines.size(), 1U);
  EXPECT_TRUE(until([this] { return !is_alive(std::stoi(read("child"))); }));
}

TEST_F(CollectorTest, AChildWithASessionOfItsOwnDoesNotHoldTheRunAndIsReaped) {
  run(collector(script("p", "setsid sleep 1000 & echo $! > " + path("child") +
                                "; sleep 0.1; echo sample 1700000000 a 1")));
  EXPECT_EQ(count(Result::kOk), 1U);
  const pid_t escaped = std::stoi(read("child"));
  ASSERT_TRUE(is_alive(escaped));
  ::kill(escaped, SIGKILL);
  EXPECT_TRUE(until([escaped] { return ::kill(escaped, 0) != 0; })) << "a zombie is left";
}

TEST_F(CollectorTest, AProgramThatIsMissingOrNoneIsAClearError) {
  run(collector(path("missing")));
  EXPECT_EQ(error(), path("missing") + " does not exist");
  EXPECT_EQ(count(Result::kFailed), 1U);
  collector_.reset();
  run(collector(write("text", "no program\n", 0755)), 2);
  EXPECT_TRUE(error_has("is no program")) << error();
  collector_.reset();
  run(collector(write("plain", "#!/bin/sh\n", 0644)), 3);
  EXPECT_TRUE(error_has("chmod +x")) << error();
  collector_.reset();
  run(collector(write("stray", "#!/nowhere/sh\n", 0755)), 4);
  EXPECT_TRUE(error_has("interpreter")) << error();
}

TEST_F(CollectorTest, AUserThatIsNotThereIsAClearError) {
  auto description = collector(script("p", "echo sample 1700000000 a 1"));
  description.user = "no-such-user";
  run(std::move(description));
  EXPECT_TRUE(error_has("there is no user 'no-such-user'")) << error();
  EXPECT_TRUE(sink_.lines.empty());
}

TEST_F(CollectorTest, ItRunsAsItsUserWithItsLimits) {
  if (::geteuid() != 0) GTEST_SKIP() << "takes root";
  ::chmod(folder_.c_str(), 0755);
  auto description = collector(script("p",
                                      "echo fact id=$(id -u).$(id -G | tr ' ' +); "
                                      "echo fact memory=$(ulimit -v).$(ulimit -c).$(nice)"));
  description.user = "nobody";
  description.max_memory = std::uint64_t{512} << 20U;
  description.nice = 5;
  run(std::move(description));
  EXPECT_TRUE(sink_.has("65534.65534")) << sink_.lines.at(0);
  // Five more than ours, as whoever started this may have been nice, too.
  const int nice = std::min(::getpriority(PRIO_PROCESS, 0) + 5, 19);
  EXPECT_TRUE(sink_.has("524288.0." + std::to_string(nice))) << sink_.lines.at(1);
}

TEST_F(CollectorTest, ItRunsWithItsLimits) {
  auto description = collector(
      script("p", "echo fact limits=$(ulimit -t).$(ulimit -n).$(ulimit -v).$(ulimit -c).$(nice)"));
  description.max_cpu = std::chrono::seconds(7);
  description.max_files = 33;
  description.max_memory = std::uint64_t{512} << 20U;
  description.nice = 5;
  run(std::move(description));
  const int nice = std::min(::getpriority(PRIO_PROCESS, 0) + 5, 19);
  EXPECT_TRUE(sink_.has("7.33.524288.0." + std::to_string(nice))) << sink_.lines.at(0);
}

TEST_F(CollectorTest, ItRunsWithItsClassOfIo) {
  auto description = collector(script("p", "echo event 1700000000 io $(ionice -p $$)"));
  description.ionice = config::IoPriority{.idle = true};
  run(description);
  EXPECT_TRUE(sink_.has("idle")) << error();
  collector_.reset();
  description.ionice = config::IoPriority{.level = 6};
  run(description, 2);
  EXPECT_TRUE(sink_.has("best-effort: prio 6")) << sink_.lines.back();
}

TEST_F(CollectorTest, ItsUserHasSoManyProcessesAndNoMore) {
  if (::geteuid() != 0) GTEST_SKIP() << "takes root";
  ::chmod(folder_.c_str(), 0755);
  auto description =
      collector(script("p", "echo fact limit=at.$(ulimit -p 2>/dev/null || ulimit -u).$(id -u)"));
  // Two: what is in brackets is a process too.
  description.user = "games";
  description.max_processes = 2;
  run(std::move(description));
  EXPECT_TRUE(sink_.has("at.2.")) << error() << sink_.lines.at(0);
}

TEST_F(CollectorTest, OneThatUsesUpItsCpuTimeIsKilledAndToldSo) {
  auto description = collector(script("p", "echo sample 1700000000 a 1; while :; do :; done"));
  description.max_cpu = std::chrono::seconds(1);
  run(std::move(description));
  EXPECT_EQ(count(Result::kKilled), 1U);
  EXPECT_TRUE(error_has("SIGXCPU")) << error();
  EXPECT_TRUE(error_has("`max_cpu`")) << error();
  EXPECT_EQ(sink_.lines.size(), 1U);
  EXPECT_GE(collector_->usage().cpu, milliseconds(900));
  EXPECT_GT(collector_->usage().max_resident, 0U);
  EXPECT_GE(collector_->state().cpu, milliseconds(900));
}

TEST_F(CollectorTest, WhatAStreamUsesIsKnownWhileItLives) {
  make(collector(script("p",
                        "while read -r word time; do i=0; while [ $i -lt 100000 ]; do "
                        "i=$((i + 1)); done; echo done; done"),
                 Mode::kStream));
  collector_->start();
  wait_for_runs(1);
  ASSERT_TRUE(until([this] { return collector_->usage().cpu > milliseconds(0); }));
  const auto living = collector_->usage();
  EXPECT_GT(living.max_resident, 0U);
  collector_->retire();
  ASSERT_TRUE(until([this] { return collector_->gone(); }));
  EXPECT_GE(collector_->usage().cpu, living.cpu) << "a counter";
}

TEST_F(CollectorTest, ItsUserMayOpenItsPipesByName) {
  if (::geteuid() != 0) GTEST_SKIP() << "takes root";
  ::chmod(folder_.c_str(), 0755);
  auto description = collector(script("p",
                                      "echo trouble > /dev/stderr; "
                                      "echo sample 1700000000 a 1 > /dev/stdout"));
  description.user = "nobody";
  run(std::move(description));
  EXPECT_EQ(error(), "");
  EXPECT_TRUE(was_told("says: trouble"));
  EXPECT_EQ(sink_.lines.size(), 1U);
}

TEST_F(CollectorTest, WhatItsDescriptionSetsWinsOverItsUser) {
  const passwd* me = ::getpwuid(::geteuid());
  if (me == nullptr) GTEST_SKIP() << "this user has no name";
  auto description =
      collector(script("p", "echo \"fact home=$HOME\"; echo \"fact user=$USER.$LOGNAME\""));
  description.user = me->pw_name;
  description.env = {{"HOME", "/of/the/description"}};
  run(std::move(description));
  EXPECT_TRUE(sink_.has("/of/the/description")) << sink_.lines.at(0);
  EXPECT_TRUE(sink_.has(std::string(me->pw_name) + "." + me->pw_name)) << sink_.lines.at(1);
}

TEST_F(CollectorTest, GarbageIsCountedByReasonAndToldOnce) {
  auto description =
      collector(script("p",
                       "for i in 1 2 3; do echo nonsense; done; printf 'sample 1 a\\000b 1\\n'; "
                       "head -c 100000 /dev/zero | tr '\\0' x; echo; echo sample 1700000000 a 1"));
  run(description);
  collector_->due(false);
  wait_for_runs(2);
  EXPECT_EQ(collector_->intake().rejected(Reason::kUnknownKeyword), 6U);
  EXPECT_EQ(collector_->intake().rejected(Reason::kNul), 2U);
  EXPECT_EQ(collector_->intake().rejected(Reason::kTooLong), 2U);
  EXPECT_EQ(sink_.lines.size(), 2U);
  EXPECT_EQ(std::count_if(told_.begin(), told_.end(),
                          [](auto& line) { return line.find("(unknown-keyword)") != line.npos; }),
            1);
}

TEST_F(CollectorTest, GarbageThatNeverEndsIsToldAgainAfterAWhile) {
  supervision_.waits.tell_again = milliseconds(300);
  auto& mine =
      make(collector(script("p", "while :; do echo nonsense; sleep 0.02; done"), Mode::kFeed));
  mine.start();
  const auto told = [this] {
    return std::count_if(told_.begin(), told_.end(),
                         [](auto& line) { return line.find("(unknown-keyword)") != line.npos; });
  };
  EXPECT_TRUE(until([&told] { return told() >= 2; }));
  EXPECT_GE(mine.intake().rejected(Reason::kUnknownKeyword), 3U);
}

TEST_F(CollectorTest, HalfAMessageAtTheEndIsRefused) {
  run(collector(script("p", "printf '\\020\\000\\000\\001\\200'")));
  EXPECT_EQ(collector_->intake().rejected(Reason::kIncomplete), 1U);
}

TEST_F(CollectorTest, OverItsOutputAOneshotIsEnded) {
  auto description = collector(script("p", "exec yes sample 1700000000 a 1"));
  description.max_output = 1 << 20U;
  run(std::move(description));
  EXPECT_EQ(count(Result::kKilled), 1U);
  EXPECT_TRUE(error_has("max_output")) << error();
  EXPECT_GE(collector_->intake().rejected(Reason::kLimit), 1U);
  EXPECT_LE(sink_.lines.size(), 70'000U);
}

TEST_F(CollectorTest, OctetsThatBreakTheStreamAfterItsEndDoNotHoldTheRun) {
  supervision_.room = std::span(room_).first(16);  // Its end is seen before all it left.
  std::string stream;
  for (std::uint64_t i = 0; i < 4; ++i) {
    const auto frame = test::numbered_frame(i);
    stream.append(reinterpret_cast<const char*>(frame.data()), frame.size());
  }
  auto& mine = make(collector(script("p", "exec cat " + write("stream", stream + "garbage"))));
  mine.start();
  wait_for_exit();
  wait_for_runs(1);
  EXPECT_EQ(count(Result::kFailed), 1U);
  EXPECT_EQ(mine.state().state, "waiting");
  script("p", "echo sample 1700000000 a 1");
  mine.due(false);
  wait_for_runs(2);
  EXPECT_EQ(count(Result::kOk), 1U);
}

TEST_F(CollectorTest, TooMuchOutputAfterItsEndDoesNotHoldTheRun) {
  supervision_.room = std::span(room_).first(16);
  auto description = collector(script("p", "[ -e " + path("well") + " ] || seq 1000000 1000100"));
  description.max_output = 100;
  auto& mine = make(std::move(description));
  mine.start();
  wait_for_exit();
  mine.due(false);
  write("well", "");
  wait_for_runs(2);
  EXPECT_EQ(count(Result::kKilled), 1U);
  EXPECT_EQ(count(Result::kOk), 1U) << "it was due meanwhile";
  EXPECT_EQ(mine.state().state, "waiting");
}

TEST_F(CollectorTest, FramesAndSeriesOverTheirLimitAreDroppedAndCounted) {
  auto description =
      collector(script("p", "for i in 1 2 3 4 5; do echo sample 1700000000 a$i 1; done"));
  description.max_series = 3;
  run(description);
  EXPECT_EQ(sink_.lines.size(), 3U);
  EXPECT_EQ(collector_->intake().rejected(Reason::kLimit), 2U);
  collector_.reset();
  description.max_series = 100;
  description.max_frames = 4;
  run(description, 2);
  EXPECT_EQ(sink_.lines.size(), 7U);
}

TEST_F(CollectorTest, WhatItSaysOnStandardErrorIsLoggedBounded) {
  run(collector(script("p", "for i in $(seq 100); do echo trouble $i >&2; done")));
  EXPECT_TRUE(was_told("collector mine: says: trouble 10"));
  EXPECT_FALSE(was_told("trouble 11"));
  EXPECT_TRUE(was_told("90 more lines were left out"));
}

TEST_F(CollectorTest, ABusyOneshotRunsOnceMoreWhenItIsDone) {
  auto& mine = make(collector(script(
      "p", "echo sample 1700000000 a 1; while [ ! -e " + path("go") + " ]; do sleep 0.01; done")));
  mine.start();
  ASSERT_TRUE(until([this] { return !sink_.lines.empty(); }));
  for (int i = 0; i < 3; ++i) mine.due(false);
  EXPECT_EQ(mine.late(), 3U) << "each moment without a run of its own";
  write("go", "");
  wait_for_runs(2);
  test::run_for(loop_, milliseconds(100));
  EXPECT_EQ(count(Result::kOk), 2U);
}

TEST_F(CollectorTest, ABusyOneshotAsksForAPlaceForItsNextRun) {
  int wanted = 0;
  auto& mine =
      make(collector(script("p", "while [ ! -e " + path("go") + " ]; do sleep 0.01; done")),
           [&wanted] { ++wanted; });
  mine.start();
  mine.due(false);
  write("go", "");
  wait_for_runs(1);
  EXPECT_EQ(wanted, 1);
  EXPECT_TRUE(mine.would_launch()) << "it did not wait to be called";
}

TEST_F(CollectorTest, WhatAShellSaysOfAChildWithoutCpuTimeNamesTheLimit) {
  auto description = collector(script("p", "exit 152"));
  description.max_cpu = std::chrono::seconds(5);
  run(description);
  EXPECT_TRUE(error_has("`max_cpu`")) << error();
  script("p", "kill -KILL $$");
  collector_->due(false);
  wait_for_runs(2);
  EXPECT_TRUE(error_has("SIGKILL")) << error();
  EXPECT_FALSE(error_has("`max_cpu`")) << "it had used none: " << error();
}

TEST_F(CollectorTest, ALateMomentOfABusyOneshotIsOneLateRun) {
  auto& mine = make(collector(script("p", "exec sleep 1000")));
  mine.start();
  mine.due(true);
  EXPECT_EQ(mine.late(), 1U);
}

TEST_F(CollectorTest, OutOfDescriptorsCostsARunNotTheLoop) {
  auto& mine = make(collector(script("p", "echo sample 1700000000 a 1")));
  rlimit old{};
  ::getrlimit(RLIMIT_NOFILE, &old);
  const int next = ::dup(0);
  ::close(next);
  const rlimit few{.rlim_cur = static_cast<rlim_t>(next) + 1, .rlim_max = old.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &few);
  mine.start();
  ::setrlimit(RLIMIT_NOFILE, &old);
  EXPECT_EQ(count(Result::kFailed), 1U);
  EXPECT_TRUE(error_has("LimitNOFILE=")) << error();
  mine.due(false);
  wait_for_runs(2);
  EXPECT_EQ(count(Result::kOk), 1U);
}

TEST_F(CollectorTest, AProgramThatOthersMayWriteIsRefusedUntilThatIsMended) {
  supervision_.owners = {0, ::geteuid()};
  const auto program = script("p", kAnswer);
  ::chmod(program.c_str(), 0777);
  auto& mine = run(collector(program, Mode::kStream));
  EXPECT_EQ(count(Result::kRefused), 1U);
  EXPECT_EQ(mine.state().state, "refused");
  EXPECT_TRUE(error_has("chmod go-w")) << error();
  EXPECT_EQ(mine.pid(), -1);
  ::chmod(program.c_str(), 0755);
  mine.due(false);
  wait_for_runs(2);
  EXPECT_EQ(count(Result::kOk), 1U);
  EXPECT_EQ(error(), "");
}

TEST_F(CollectorTest, RetiringIsBoundedAndCountsNothing) {
  auto& mine = make(collector(script("p",
                                     "trap '' TERM; echo sample 1700000000 a 1; "
                                     "while :; do sleep 1000; done")));
  mine.start();
  ASSERT_TRUE(until([this] { return !sink_.lines.empty(); }));
  mine.retire();
  EXPECT_TRUE(until([&mine] { return mine.gone(); }));
  EXPECT_EQ(mine.runs().total(), 0U);
}

}  // namespace
}  // namespace lariat::collect
