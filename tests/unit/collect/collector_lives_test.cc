#include <gtest/gtest.h>

#include <chrono>
#include <span>
#include <string>

#include "tests/unit/collect/collector_fixture.h"

// Collectors that live on: streams and feeds.

namespace lariat::collect {
namespace {

using config::Mode;
using proto::Reason;
using std::chrono::seconds;

constexpr std::string_view kAnswer =
    "while read -r word time; do echo \"sample $time load 1\"; echo done; done";

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

TEST_F(CollectorTest, OneThatCannotBeStartedIsTriedLessAndLess) {
  supervision_.exec_program = path("missing");
  supervision_.waits.back_off_max = seconds(300);
  auto description = collector(script("p", kAnswer), Mode::kStream);
  description.user = "nobody";  // Who that is `lariat` finds out.
  auto& mine = run(std::move(description));
  test::run_for(loop_, milliseconds(500));
  EXPECT_GE(mine.restarts(), 1U);
  EXPECT_LE(mine.restarts(), 6U) << "10 + 20 + 40 + 80 + 160 + 320 ms at the least";
}

TEST_F(CollectorTest, OneThatComesBackAsksForAPlace) {
  int wanted = 0;
  auto& mine = make(collector(script("p", "exit 1"), Mode::kFeed), [&wanted] { ++wanted; });
  mine.start();
  ASSERT_TRUE(until([&wanted] { return wanted == 1; }));
  EXPECT_EQ(runs_, 1);
  EXPECT_EQ(mine.restarts(), 0U) << "it has not begun";
  EXPECT_TRUE(mine.would_launch());
  mine.due(false);
  EXPECT_EQ(mine.restarts(), 1U);
  wait_for_runs(2);
}

TEST_F(CollectorTest, AMomentWithinTheWaitOfAStreamIsNoLateRun) {
  supervision_.waits.back_off_min = supervision_.waits.back_off_max = seconds(300);
  auto& mine = run(collector(script("p", "exit 1"), Mode::kStream));
  mine.due(true);
  EXPECT_EQ(mine.late(), 0U);
}

TEST_F(CollectorTest, AStreamThatHasEndedIsNotAskedWhileItsPipeIsRead) {
  supervision_.room = std::span(room_).first(16);
  auto& mine =
      make(collector(script("p", "printf 'done\\n'; exec seq 1000000 1005000"), Mode::kStream));
  mine.start();
  wait_for_exit();  // Its pipe holds all that it printed: reading that takes some 2,500 turns.
  ASSERT_TRUE(until([this, &mine] { return mine.end() && runs_ == 1; }));
  ASSERT_EQ(mine.state().state, "running") << "all is read already";
  mine.due(false);
  wait_for_runs(2);
  EXPECT_TRUE(error_has("waits for the next tick")) << error();
}

TEST_F(CollectorTest, AStreamThatIsStillAnsweringIsAskedOnceWhenItIsDone) {
  auto& mine = make(collector(
      script("p", "while read -r word time; do echo sample 1700000000 a 1; while [ ! -e " +
                      path("go") + " ]; do sleep 0.01; done; echo done; done"),
      Mode::kStream));
  mine.start();
  ASSERT_TRUE(until([this] { return !sink_.lines.empty(); }));
  for (int i = 0; i < 3; ++i) mine.due(false);
  EXPECT_EQ(mine.late(), 3U);
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

TEST_F(CollectorTest, AFeedThatComesBackAndPrintsIsHealthyAgain) {
  auto& mine = run(collector(script("p", "if [ -e " + path("well") +
                                             " ]; then echo sample 1700000000 a 1; exec sleep "
                                             "1000; fi; echo > " +
                                             path("well") + "; exit 1"),
                             Mode::kFeed));
  EXPECT_FALSE(mine.state().healthy);
  ASSERT_TRUE(until([this] { return !sink_.lines.empty(); }));
  EXPECT_TRUE(mine.state().healthy);
  EXPECT_EQ(error(), "");
  EXPECT_TRUE(was_told("good again after 1 bad run"));
  EXPECT_EQ(count(Result::kOk), 0U) << "its run goes on";
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
  // One for the timer of this test; one if the pipe was empty when it was stopped: libev takes a
  // descriptor out of epoll at the first event that nobody wants.
  EXPECT_LE(loop_.stats().wakeups - before, 2U);
  EXPECT_EQ(sink_.lines.size(), frames);
  EXPECT_EQ(mine.state().state, "running");
}

TEST_F(CollectorTest, AFeedThatStandsStillInAMessageIsEnded) {
  supervision_.waits.half_message = milliseconds(100);
  run(collector(script("p", "printf '\\020\\000\\000\\001\\200'; exec sleep 1000"), Mode::kFeed));
  EXPECT_EQ(count(Result::kTimeout), 1U);
}

}  // namespace
}  // namespace lariat::collect
