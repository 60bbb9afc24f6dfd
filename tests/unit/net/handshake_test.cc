#include "agent/net/handshake.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <optional>

#include "tests/support/loop_driver.h"
#include "tests/unit/net/tls_pair.h"

namespace lariat::net {
namespace {

/// Both ends of a connection, and a driver for each.
class HandshakeTest : public testing::Test, protected test::TlsFixture {
 protected:
  void start(std::chrono::milliseconds limit = std::chrono::seconds(10)) {
    near_.start(*pair_.client, limit);
    far_.start(*pair_.server, limit);
  }

  std::shared_ptr<TlsContext> theirs_ = server();
  std::shared_ptr<TlsContext> ours_ = client();
  test::TlsPair pair_ = test::begin_pair(*ours_, *theirs_);
  loop::Loop loop_;
  std::optional<Handshake::End> near_end_;
  std::optional<Handshake::End> far_end_;
  Handshake near_{loop_, [this](Handshake::End end) { near_end_ = end; }};
  Handshake far_{loop_, [this](Handshake::End end) { far_end_ = end; }};
};

TEST_F(HandshakeTest, TakesBothEndsThrough) {
  start();
  EXPECT_TRUE(near_.active());
  EXPECT_FALSE(near_end_) << "not from within";
  ASSERT_TRUE(test::run_until(loop_, [&] { return near_end_ && far_end_; }));
  EXPECT_EQ(near_end_, Handshake::End::kDone);
  EXPECT_EQ(far_end_, Handshake::End::kDone);
  EXPECT_FALSE(near_.active());
}

TEST_F(HandshakeTest, IsLateWithAPeerThatSaysNothing) {
  far_.start(*pair_.server, std::chrono::milliseconds(20));
  ASSERT_TRUE(test::run_until(loop_, [&] { return far_end_.has_value(); }));
  EXPECT_EQ(far_end_, Handshake::End::kLate);
}

TEST_F(HandshakeTest, SleepsWhileItWaits) {
  far_.start(*pair_.server, std::chrono::seconds(60));
  test::run_for(loop_, std::chrono::milliseconds(50));
  const auto stats = loop_.stats();
  EXPECT_EQ(stats.callbacks[static_cast<std::size_t>(loop::CallbackKind::kRead)], 0U);
  EXPECT_EQ(stats.callbacks[static_cast<std::size_t>(loop::CallbackKind::kWrite)], 1U)
      << "writable once, in the beginning";
  EXPECT_EQ(stats.wakeups_idle, 0U);
}

TEST_F(HandshakeTest, CancelledItRunsNothing) {
  start();
  near_.cancel();
  far_.cancel();
  test::run_for(loop_, std::chrono::milliseconds(20));
  EXPECT_FALSE(near_end_ || far_end_);
  start();
  EXPECT_TRUE(test::run_until(loop_, [&] { return near_end_ && far_end_; })) << "and goes on";
}

TEST_F(HandshakeTest, FailsWithWordsWhenThePeerEnds) {
  start();
  far_.cancel();
  ::shutdown(pair_.server->fd(), SHUT_RDWR);
  ASSERT_TRUE(test::run_until(loop_, [&] { return near_end_.has_value(); }));
  EXPECT_EQ(near_end_, Handshake::End::kFailed);
  EXPECT_NE(pair_.client->trouble(), "");
}

}  // namespace
}  // namespace lariat::net
