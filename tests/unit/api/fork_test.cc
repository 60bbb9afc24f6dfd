// A child of a program with publishers: what it has of them is dead, and the parent does not
// notice.

#include <ev.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "tests/support/temporary_directory.h"
#include "tests/unit/api/api_fixture.h"

namespace lariat::api {
namespace {

class ForkTest : public ApiTest {
 protected:
  /// What `run` returns in a child process.
  [[nodiscard]] static int in_child(const std::function<int()>& run) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(run());
    int status = -1;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  // 0 if each call says that it is a child's.
  [[nodiscard]] int all_refused() {
    const double value = 1;
    const int results[] = {lariat_sample(publisher_, "a host=b", 1, &value, 1),
                           lariat_publish(publisher_, "x", 1),
                           lariat_poll(publisher_, 0),
                           lariat_flush(publisher_, 0),
                           lariat_wait(publisher_, 0, 0),
                           lariat_wake(publisher_),
                           lariat_action(publisher_, -1, 0),
                           lariat_connect(publisher_, "tsdp://127.0.0.1:1", nullptr),
                           lariat_disconnect(publisher_, "a")};
    int at = 1;
    for (const int result : results) {
      if (result != LARIAT_FORKED) return at;
      ++at;
    }
    return 0;
  }
};

TEST_F(ForkTest, TheChildsCallsAreRefusedAndItsCloseTouchesNothing) {
  open();
  test::TestReceiver receiver;
  ASSERT_EQ(connect(receiver.url(), "a"), LARIAT_OK);
  publish_numbers(0, 10);
  ASSERT_EQ(lariat_flush(publisher_, 10'000), LARIAT_OK);
  const auto lines = lines_.size();
  EXPECT_EQ(in_child([&] {
              if (const int refused = all_refused()) return refused;
              if (lariat_close(publisher_) != LARIAT_OK) return 50;
              return lines_.size() == lines ? 0 : 51;
            }),
            0);
  publish_numbers(10, 20);
  ASSERT_EQ(lariat_flush(publisher_, 10'000), LARIAT_OK);
  EXPECT_TRUE(arrived(receiver, 20));
  EXPECT_EQ(receiver.record().connections, 1U) << "the connection lived on";
  EXPECT_EQ(stats_of("a").disconnects, 0U);
}

TEST_F(ForkTest, WhatThePeerSaidIsTheParents) {
  open();
  test::TestReceiver receiver(greeting());
  ASSERT_EQ(connect(receiver.url(), "a"), LARIAT_OK);
  // The greeting lies unread in the socket when the child closes its copy.
  ASSERT_TRUE(until([&] { return receiver.record().connections == 1; }));
  EXPECT_EQ(in_child([&] { return lariat_close(publisher_); }), 0);
  ASSERT_TRUE(until([&] { return !messages_.empty(); }));
}

TEST_F(ForkTest, ASpoolStaysTheParents) {
  const test::TemporaryDirectory folder;
  const auto directory = folder / "spool";
  auto spooled = options();
  spooled.spool_directory = directory.c_str();
  ASSERT_EQ(open(spooled), LARIAT_OK);
  test::TestReceiver receiver;
  ASSERT_EQ(connect(receiver.url(), "a"), LARIAT_OK);
  publish_numbers(0, 10);
  ASSERT_EQ(lariat_flush(publisher_, 10'000), LARIAT_OK);
  EXPECT_EQ(in_child([&] {
              if (const int refused = all_refused()) return refused;
              return lariat_close(publisher_);
            }),
            0);
  publish_numbers(10, 20);
  ASSERT_EQ(lariat_flush(publisher_, 10'000), LARIAT_OK);
  EXPECT_EQ(stats().spool_degraded, 0U);
  close();
  ASSERT_EQ(open(spooled), LARIAT_OK) << "and its lock is free now";
}

TEST_F(ForkTest, AChildThatGoesOnWithItsLibevLoopDoesNotGoOnWithUs) {
  struct ev_loop* loop = ::ev_loop_new(EVFLAG_AUTO);
  auto given = options();
  given.loop = loop;
  ASSERT_EQ(open(given), LARIAT_OK);
  test::TestReceiver receiver;
  ASSERT_EQ(connect(receiver.url(), "a"), LARIAT_OK);
  publish_numbers(0, 10);
  EXPECT_EQ(flush_by(loop), LARIAT_OK);
  publish_numbers(10, 20);  // Not sent when the child begins: it may not send it either.
  EXPECT_EQ(in_child([&] {
              ::ev_loop_fork(loop);
              ::ev_run(loop, EVRUN_NOWAIT);
              ::ev_run(loop, EVRUN_NOWAIT);
              if (const int refused = all_refused()) return refused;
              return lariat_close(publisher_);
            }),
            0);
  EXPECT_EQ(flush_by(loop), LARIAT_OK);
  EXPECT_TRUE(arrived(receiver, 20));
  EXPECT_EQ(receiver.record().connections, 1U);
  close();
  ::ev_loop_destroy(loop);
}

TEST_F(ForkTest, AForeignLoopsChildIsToldNothing) {
  auto foreign = options();
  static int told = 0;
  foreign.on_watch = [](void*, int, int) { ++told; };
  foreign.on_timeout = [](void*, std::int64_t) { ++told; };
  ASSERT_EQ(open(foreign), LARIAT_OK);
  ASSERT_EQ(connect("tsdp://127.0.0.1:9", "a"), LARIAT_OK);
  told = 0;
  EXPECT_EQ(in_child([&] {
              const int closed = lariat_close(publisher_);
              return closed == LARIAT_OK ? told : 100;
            }),
            0);
}

}  // namespace
}  // namespace lariat::api
