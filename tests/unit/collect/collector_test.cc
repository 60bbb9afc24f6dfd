#include "agent/collect/collector.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "tests/unit/collect/supervision_fixture.h"

namespace lariat::collect {
namespace {

using config::Mode;
using proto::Reason;
using std::chrono::seconds;

/// One collector on a loop, with short waits.
class CollectorTest : public SupervisionTest {
 protected:
  ~CollectorTest() override {
    if (!collector_) return;
    collector_->retire();
    EXPECT_TRUE(until([this] { return collector_->gone(); }));
  }
  Collector& make(config::Collector description) {
    collector_ = std::make_unique<Collector>(supervision_, std::move(description), 7,
                                             Collector::Events{.on_run = [this] { ++runs_; }});
    return *collector_;
  }
  // Starts it and waits for so many runs.
  Collector& run(config::Collector description, int runs = 1) {
    auto& collector = make(std::move(description));
    collector.start();
    wait_for_runs(runs);
    return collector;
  }
  void wait_for_runs(int runs) {
    EXPECT_TRUE(until([this, runs] { return runs_ >= runs; })) << runs_ << " runs";
  }
  [[nodiscard]] std::uint64_t count(Result result) const {
    return collector_->runs().count(result);
  }
  [[nodiscard]] std::string error() const { return collector_->state().last_error; }
  [[nodiscard]] bool error_has(std::string_view part) const {
    return error().find(part) != std::string::npos;
  }

  std::array<std::byte, 65536> room_;
  Reaper reaper_{loop_};
  Supervision supervision_{.loop = loop_,
                           .lines = lines_,
                           .sink = sink_,
                           .tags = tags_,
                           .reaper = reaper_,
                           .exec_program = LARIAT_BINARY,
                           .waits = quick(),
                           .room = room_};
  int runs_ = 0;
  std::unique_ptr<Collector> collector_;
};

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
  EXPECT_TRUE(sink_.has("524288.0.5")) << sink_.lines.at(1);
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
  EXPECT_EQ(mine.late(), 1U);
  write("go", "");
  wait_for_runs(2);
  test::run_for(loop_, milliseconds(100));
  EXPECT_EQ(count(Result::kOk), 2U);
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

TEST_F(CollectorTest, AStreamIsAskedAndItsMarkEndsTheAnswer) {
  auto& mine = run(collector(script("p", kAnswer), Mode::kStream));
  EXPECT_EQ(count(Result::kOk), 1U);
  EXPECT_EQ(mine.state().state, "running");
  const pid_t pid = mine.pid();
  mine.due(false);
  wait_for_runs(2);
  EXPECT_EQ(mine.pid(), pid);
  EXPECT_EQ(sink_.lines.size(), 2U);
  EXPECT_EQ(mine.restarts(), 0U);
}

TEST_F(CollectorTest, ATickOfAStreamCostsTwoWakeUps) {
  auto& mine = run(collector(script("p",
                                    "while read -r word time; do "
                                    "printf \"sample $time load 1\\ndone\\n\"; done"),
                             Mode::kStream));
  using loop::CallbackKind;
  const auto before = loop_.stats();
  const auto called = [this, &before](CallbackKind kind) {
    const auto index = static_cast<std::size_t>(kind);
    return loop_.stats().callbacks[index] - before.callbacks[index];
  };
  loop::Timer tick(loop_, [&mine]() noexcept { mine.due(false); });
  tick.start(milliseconds(20));
  wait_for_runs(2);
  test::run_for(loop_, milliseconds(50));
  EXPECT_EQ(called(CallbackKind::kTimer), 2U) << "the tick, and the end of the test's wait";
  EXPECT_EQ(called(CallbackKind::kRead), 1U);
  EXPECT_EQ(called(CallbackKind::kChild) + called(CallbackKind::kSignal), 0U);
  EXPECT_LE(loop_.stats().wakeups - before.wakeups, 3U);
  EXPECT_EQ(loop_.stats().wakeups_idle, before.wakeups_idle);
}

TEST_F(CollectorTest, AStreamThatDoesNotAnswerIsEndedAndComesBack) {
  auto description =
      collector(script("p", "if [ -e " + path("well") + " ]; then " + std::string(kAnswer) +
                                "; fi; echo > " + path("well") + "; exec sleep 1000"),
                Mode::kStream);
  description.timeout = milliseconds(300);
  auto& mine = run(std::move(description), 2);
  EXPECT_EQ(count(Result::kTimeout), 1U);
  EXPECT_EQ(count(Result::kOk), 1U);
  EXPECT_EQ(mine.restarts(), 1U);
}

TEST_F(CollectorTest, AStreamThatEndsIsAFailureAndComesBackForEver) {
  auto& mine = run(collector(script("p", "exit 0"), Mode::kStream), 4);
  EXPECT_EQ(count(Result::kFailed), 4U);
  EXPECT_GE(mine.restarts(), 3U);
  EXPECT_EQ(mine.state().state, "backing off");
  EXPECT_TRUE(error_has("a stream lives on")) << error();
}

TEST_F(CollectorTest, AStreamThatIsStillAnsweringIsAskedOnceWhenItIsDone) {
  auto& mine = make(collector(
      script("p", "while read -r word time; do echo sample 1700000000 a 1; while [ ! -e " +
                      path("go") + " ]; do sleep 0.01; done; echo done; done"),
      Mode::kStream));
  mine.start();
  ASSERT_TRUE(until([this] { return !sink_.lines.empty(); }));
  for (int i = 0; i < 3; ++i) mine.due(false);
  EXPECT_EQ(mine.late(), 1U);
  write("go", "");
  wait_for_runs(2);
  test::run_for(loop_, milliseconds(100));
  EXPECT_EQ(count(Result::kOk), 2U);
}

TEST_F(CollectorTest, ABinaryStreamThatBreaksIsEnded) {
  run(collector(script("p",
                       "printf '\\020\\000\\000\\001\\200\\000garbage garbage garbage'; "
                       "exec sleep 1000"),
                Mode::kStream));
  EXPECT_EQ(count(Result::kFailed), 1U);
  EXPECT_TRUE(error_has("no TSDP")) << error();
}

TEST_F(CollectorTest, AFeedLivesOnAndIsNotWokenFor) {
  auto& mine =
      make(collector(script("p", "echo sample 1700000000 a 1; exec sleep 1000"), Mode::kFeed));
  EXPECT_FALSE(mine.scheduled());
  mine.start();
  EXPECT_TRUE(mine.has_run());
  ASSERT_TRUE(until([this] { return !sink_.lines.empty(); }));
  const auto before = loop_.stats().wakeups;
  test::run_for(loop_, milliseconds(200));
  EXPECT_EQ(loop_.stats().wakeups - before, 1U);
  EXPECT_TRUE(mine.state().last_success);
}

TEST_F(CollectorTest, AFeedThatFloodsHasToWaitForItsNextInterval) {
  auto description = collector(script("p", "exec yes sample 1700000000 a 1"), Mode::kFeed);
  description.max_output = 100'000;
  auto& mine = make(std::move(description));
  mine.start();
  ASSERT_TRUE(until([&mine] { return mine.intake().rejected(Reason::kLimit) > 0; }));
  const auto before = loop_.stats().wakeups;
  const auto frames = sink_.lines.size();
  test::run_for(loop_, milliseconds(200));
  EXPECT_EQ(loop_.stats().wakeups - before, 1U);
  EXPECT_EQ(sink_.lines.size(), frames);
  EXPECT_EQ(mine.state().state, "running");
}

TEST_F(CollectorTest, AFeedThatStandsStillInAMessageIsEnded) {
  supervision_.waits.half_message = milliseconds(100);
  run(collector(script("p", "printf '\\020\\000\\000\\001\\200'; exec sleep 1000"), Mode::kFeed));
  EXPECT_EQ(count(Result::kTimeout), 1U);
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
