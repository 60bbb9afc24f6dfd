#include "agent/net/call_queue.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "tests/support/loop_driver.h"

namespace lariat::net {
namespace {

/// A queue, and the order in which its calls were made.
class CallQueueTest : public testing::Test {
 protected:
  CallQueue::Ticket post(const std::string& name) {
    return queue_.post([this, name] { made_ += name; });
  }

  loop::Loop loop_;
  CallQueue queue_{loop_};
  std::string made_;
};

TEST_F(CallQueueTest, CallsInTheNextTurnInTheOrderOfPosting) {
  const auto one = post("1");
  const auto two = post("2");
  EXPECT_EQ(made_, "");
  loop_.run_ready();
  EXPECT_EQ(made_, "12");
}

TEST_F(CallQueueTest, DoesNotLetTheLoopSleepMeanwhile) {
  const auto one = post("1");
  loop_.run();
  EXPECT_EQ(made_, "1");
  EXPECT_EQ(loop_.stats().wakeups, 0U);
  EXPECT_EQ(loop_.stats().iterations, 1U) << "and then there is no timer";
}

TEST_F(CallQueueTest, DoesNotCallWithoutATicket) {
  { const auto gone = post("1"); }
  auto cancelled = post("2");
  cancelled.cancel();
  const auto kept = post("3");
  loop_.run();
  EXPECT_EQ(made_, "3");
}

TEST_F(CallQueueTest, LetsACallCancelALaterOneAndItself) {
  CallQueue::Ticket second;
  CallQueue::Ticket first = queue_.post([&] {
    made_ += "1";
    first.cancel();
    second.cancel();
    made_ += "!";
  });
  second = post("2");
  loop_.run();
  EXPECT_EQ(made_, "1!");
}

TEST_F(CallQueueTest, MakesWhatACallPostsInTheTurnAfter) {
  CallQueue::Ticket second;
  const auto first = queue_.post([&] { second = post("2"); });
  loop_.run_ready();
  EXPECT_EQ(made_, "");
  loop_.run_ready();
  EXPECT_EQ(made_, "2");
}

}  // namespace
}  // namespace lariat::net
