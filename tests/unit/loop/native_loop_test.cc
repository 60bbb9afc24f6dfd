// Ours as a part of a libev loop that is the program's.

#include <ev.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <string>

#include "agent/base/unique_fd.h"
#include "agent/loop/io_watcher.h"
#include "agent/loop/loop.h"
#include "agent/loop/prepare_hook.h"
#include "agent/loop/timer.h"

namespace lariat::loop {
namespace {

using std::chrono::milliseconds;

class NativeLoopTest : public testing::Test {
 protected:
  ~NativeLoopTest() override { ::ev_loop_destroy(theirs_); }

  struct ev_loop* theirs_ = ::ev_loop_new(EVFLAG_AUTO);
};

void nothing(struct ev_loop* /*loop*/, ev_timer* /*timer*/, int /*events*/) noexcept {}

TEST_F(NativeLoopTest, EndsWhenNothingOfTheProgramsIsLeft) {
  Loop loop(NativeLoop{theirs_});
  const PrepareHook hook(loop, [] {});
  ::ev_run(theirs_, 0);
  EXPECT_EQ(loop.stats().wakeups, 0U);
}

TEST_F(NativeLoopTest, RunsTimersAndWatchersAndCountsWakeUpsForThemOnly) {
  Loop loop(NativeLoop{theirs_});
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  const base::UniqueFd near(ends[0]);
  base::UniqueFd far(ends[1]);
  int read = 0;
  IoWatcher readable(loop, CallbackKind::kRead, [&] {
    ++read;
    readable.stop();
  });
  readable.watch(near.get());
  readable.start();
  Timer timer(loop, [&] { ASSERT_EQ(::write(far.get(), "x", 1), 1); });
  timer.start(milliseconds(30));
  ev_timer other;
  ev_timer_init(&other, nothing, 0.01, 0.);  // Wakes the program, not us.
  ::ev_timer_start(theirs_, &other);
  ::ev_run(theirs_, 0);
  EXPECT_EQ(read, 1);
  EXPECT_EQ(loop.stats().wakeups, 1U) << "for the timer; the pipe was ready by then";
  EXPECT_EQ(loop.stats().wakeups_idle, 0U);
}

TEST_F(NativeLoopTest, AHookRunsBehindThoseOfTheProgram) {
  Loop loop(NativeLoop{theirs_});
  static std::string order;
  order.clear();
  ev_prepare before;
  ev_prepare_init(&before, [](struct ev_loop*, ev_prepare*, int) { order += 'p'; });
  const PrepareHook hook(loop, [] { order += 'h'; });
  ev_prepare after;
  ev_prepare_init(&after, [](struct ev_loop*, ev_prepare*, int) { order += 'q'; });
  ::ev_prepare_start(theirs_, &before);
  ::ev_prepare_start(theirs_, &after);
  ::ev_run(theirs_, EVRUN_NOWAIT);
  EXPECT_EQ(order.back(), 'h') << order;
  ::ev_prepare_stop(theirs_, &before);
  ::ev_prepare_stop(theirs_, &after);
}

TEST_F(NativeLoopTest, TheLoopGoesOnWithoutUs) {
  {
    Loop loop(NativeLoop{theirs_});
    const Timer timer(loop, [] {});
  }
  int fired = 0;
  ev_timer other;
  ev_timer_init(
      &other, [](struct ev_loop*, ev_timer* at, int) { ++*static_cast<int*>(at->data); }, 0.001,
      0.);
  other.data = &fired;
  ::ev_timer_start(theirs_, &other);
  ::ev_run(theirs_, 0);
  EXPECT_EQ(fired, 1);
}

TEST_F(NativeLoopTest, TellsOfAForkInTheChildOnly) {
  Loop loop(NativeLoop{theirs_});
  bool told = false;
  loop.on_fork([&] { told = true; });
  ::ev_run(theirs_, EVRUN_NOWAIT);
  EXPECT_FALSE(told);
  const pid_t child = ::fork();
  if (child == 0) {
    ::ev_loop_fork(theirs_);
    ::ev_run(theirs_, EVRUN_NOWAIT);
    ::_exit(told ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  ::ev_run(theirs_, EVRUN_NOWAIT);
  EXPECT_FALSE(told);
}

}  // namespace
}  // namespace lariat::loop
