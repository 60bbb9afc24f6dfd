#include "agent/publish/spool_disk_thread.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <future>
#include <thread>

#include "tests/support/loop_driver.h"

namespace lariat::publish {
namespace {

using namespace std::chrono_literals;

class SpoolDiskThreadTest : public testing::Test {
 protected:
  loop::Loop loop_;
  std::unique_ptr<SpoolDiskThread> thread_ = std::move(*SpoolDiskThread::start(loop_));
};

TEST_F(SpoolDiskThreadTest, WorkRunsThereInOrderAndItsEndInTheLoop) {
  const auto here = std::this_thread::get_id();
  std::vector<int> done;
  bool elsewhere = true;
  for (int n = 0; n < 100; ++n) {
    thread_->post([&, n] {
      const bool other = std::this_thread::get_id() != here;
      return [&, n, other] {
        elsewhere = elsewhere && other && std::this_thread::get_id() == here;
        done.push_back(n);
      };
    });
  }
  EXPECT_EQ(thread_->pending(), 100U);
  ASSERT_TRUE(test::run_until(loop_, [&] { return thread_->pending() == 0; }));
  EXPECT_TRUE(elsewhere);
  EXPECT_EQ(done.size(), 100U);
  EXPECT_TRUE(std::is_sorted(done.begin(), done.end()));
}

TEST_F(SpoolDiskThreadTest, AllSignalsAreBlockedInItAndNoneOfThemHere) {
  sigset_t before;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &before);
  EXPECT_EQ(sigismember(&before, SIGTERM), 0);
  bool blocked = false;
  thread_->post([&blocked] {
    sigset_t mask;
    ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    const bool all = sigismember(&mask, SIGTERM) == 1 && sigismember(&mask, SIGCHLD) == 1;
    return [&blocked, all] { blocked = all; };
  });
  ASSERT_TRUE(test::run_until(loop_, [&] { return thread_->pending() == 0; }));
  EXPECT_TRUE(blocked);
}

TEST_F(SpoolDiskThreadTest, StopDoesWhatWasPosted) {
  int done = 0;
  for (int n = 0; n < 50; ++n) {
    thread_->post([&] { return [&] { ++done; }; });
  }
  EXPECT_TRUE(thread_->stop(10s));
  EXPECT_EQ(done, 50);
  thread_->post([&] { return [&] { ++done; }; });
  EXPECT_EQ(done, 50);
}

TEST_F(SpoolDiskThreadTest, ADiskThatHangsIsNotWaitedForLongerThanSaid) {
  auto disk = std::make_shared<std::promise<void>>();
  auto released = std::make_shared<std::promise<void>>();
  auto gone = released->get_future();
  bool ran = false;
  thread_->post([disk, released, &ran]() -> SpoolDiskThread::Done {
    disk->get_future().wait();
    released->set_value();
    return [&ran] { ran = true; };
  });
  EXPECT_FALSE(thread_->stop(20ms));
  thread_.reset();
  disk->set_value();
  gone.wait();
  EXPECT_FALSE(ran) << "the object that would have been told is gone";
}

TEST_F(SpoolDiskThreadTest, TheLoopSleepsWhileNothingIsPosted) {
  const auto turns = loop_.stats().iterations;
  test::run_for(loop_, 50ms);
  EXPECT_LE(loop_.stats().iterations - turns, 2U);
}

}  // namespace
}  // namespace lariat::publish
