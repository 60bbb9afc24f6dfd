#include "agent/net/peer.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <vector>

#include "agent/net/socket_options.h"
#include "tests/unit/net/loopback.h"

namespace lariat::net {
namespace {

// Waits for `events`, at most five seconds; errors and hang-ups end the wait as well.
void await(const base::UniqueFd& socket, short events) {
  pollfd ready{.fd = socket.get(), .events = events};
  ASSERT_EQ(::poll(&ready, 1, 5000), 1);
}

// Until the peer takes no more.
std::size_t fill(const base::UniqueFd& socket) {
  const std::vector<char> block(65'536);
  std::size_t sum = 0;
  pollfd writable{.fd = socket.get(), .events = POLLOUT};
  while (::poll(&writable, 1, 50) == 1) {
    const ssize_t sent = ::send(socket.get(), block.data(), block.size(), MSG_NOSIGNAL);
    if (sent <= 0) break;
    sum += static_cast<std::size_t>(sent);
  }
  return sum;
}

/// Both ends of a TCP connection on loopback.
class TcpPeerTest : public testing::Test {
 protected:
  void SetUp() override {
    std::tie(near_, far_) = test::connect_pair(listener_.get());
    await(near_, POLLOUT);
  }

  base::UniqueFd listener_ = test::listen_on("127.0.0.1");
  base::UniqueFd near_;
  base::UniqueFd far_;
};

TEST_F(TcpPeerTest, AcknowledgesWithoutReading) {
  EXPECT_EQ(unacknowledged(near_.get()), 0U);
  ASSERT_EQ(::send(near_.get(), "text", 4, MSG_NOSIGNAL), 4);
  await(far_, POLLIN);
  for (int i = 0; i < 1000 && unacknowledged(near_.get()) != 0U; ++i) ::poll(nullptr, 0, 1);
  EXPECT_EQ(unacknowledged(near_.get()), 0U);
}

TEST_F(TcpPeerTest, WhatItDidNotAcknowledgeIsKnownAlsoAfterItsReset) {
  const auto written = fill(near_);
  const auto before = unacknowledged(near_.get());
  ASSERT_TRUE(before);
  EXPECT_GT(*before, 0U);
  EXPECT_LT(*before, written) << "its receive buffer took some";
  close_hard(far_);
  await(near_, POLLERR);
  EXPECT_EQ(take_error(near_.get()), ECONNRESET);
  EXPECT_EQ(unacknowledged(near_.get()), before);
}

TEST_F(TcpPeerTest, ThatReadsNothingIsSlowNotDead) {
  set_peer_options(near_.get(), {});
  fill(near_);
  Health health = Health::kUnknown;
  for (int i = 0; i < 1000 && health != Health::kSlow; ++i) {
    health = judge(near_.get());
    ::poll(nullptr, 0, 1);
  }
  EXPECT_EQ(health, Health::kSlow);
  const auto known = tcp_health(near_.get());
  ASSERT_TRUE(known);
  EXPECT_EQ(known->snd_wnd, 0U);
  EXPECT_TRUE(known->connected);
}

TEST_F(TcpPeerTest, ThatTakesDataIsNotSlow) {
  const auto health = tcp_health(near_.get());
  ASSERT_TRUE(health);
  EXPECT_GT(health->snd_wnd.value_or(1), 0U);
  EXPECT_EQ(judge(near_.get()), Health::kUnknown);
}

TEST_F(TcpPeerTest, IsDeadOnceTheKernelGaveItUp) {
  close_hard(far_);
  await(near_, POLLERR);
  EXPECT_EQ(judge(near_.get()), Health::kDead);
}

TEST_F(TcpPeerTest, ClosedHardSeesAReset) {
  fill(near_);
  close_hard(near_);
  EXPECT_FALSE(near_);
  std::array<char, 65'536> room{};
  ssize_t got = 1;
  while (got > 0) {
    await(far_, POLLIN);
    got = ::recv(far_.get(), room.data(), room.size(), 0);
  }
  EXPECT_EQ(got, -1);
  EXPECT_EQ(errno, ECONNRESET);
}

TEST_F(TcpPeerTest, TellsItsErrorOnce) {
  EXPECT_EQ(take_error(near_.get()), 0);
  close_hard(far_);
  await(near_, POLLERR);
  EXPECT_EQ(take_error(near_.get()), ECONNRESET);
  EXPECT_EQ(take_error(near_.get()), 0);
}

TEST_F(TcpPeerTest, IsNotOurselves) { EXPECT_FALSE(connected_to_itself(near_.get())); }

TEST(ConnectedToItself, IsASocketWhoseEndsAreOne) {
  const auto socket = stream_socket(AF_INET);
  const auto any = *Address::from_literal("127.0.0.1", 0);
  ASSERT_EQ(::bind(socket.get(), any.data(), any.size), 0);
  const auto own = *Address::local(socket.get());
  if (::connect(socket.get(), own.data(), own.size) != 0) {
    ASSERT_EQ(errno, EINPROGRESS);
    await(socket, POLLOUT);
    if (take_error(socket.get()) != 0) GTEST_SKIP() << "this kernel does not";
  }
  EXPECT_TRUE(connected_to_itself(socket.get()));
}

TEST(Judge, WeighsWindowProbesAndRetransmits) {
  EXPECT_EQ(judge({.snd_wnd = 0}), Health::kSlow);
  EXPECT_EQ(judge({.snd_wnd = 0, .probes = 1}), Health::kUnknown);
  EXPECT_EQ(judge({.snd_wnd = 0, .probes = 2}), Health::kUnknown);
  EXPECT_EQ(judge({.snd_wnd = 0, .probes = 3}), Health::kDead);
  EXPECT_EQ(judge({.snd_wnd = 65'536}), Health::kUnknown);
  EXPECT_EQ(judge({.snd_wnd = 65'536, .retransmits = 2}), Health::kUnknown);
  EXPECT_EQ(judge({.snd_wnd = 65'536, .retransmits = 3}), Health::kDead);
  EXPECT_EQ(judge({.snd_wnd = std::nullopt}), Health::kUnknown) << "an old kernel";
  EXPECT_EQ(judge({.snd_wnd = std::nullopt, .probes = 3}), Health::kDead);
  EXPECT_EQ(judge({.snd_wnd = 0, .connected = false}), Health::kDead);
}

/// Both ends of a unix connection.
class UnixPeerTest : public testing::Test {
 protected:
  void SetUp() override {
    std::array<int, 2> ends{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()), 0);
    near_.reset(ends[0]);
    far_.reset(ends[1]);
  }
  void write_some() { ASSERT_EQ(::send(near_.get(), "text", 4, MSG_NOSIGNAL), 4); }
  void read_all() {
    std::array<char, 64> room{};
    while (::recv(far_.get(), room.data(), room.size(), 0) > 0) {
    }
  }

  base::UniqueFd near_;
  base::UniqueFd far_;
};

TEST_F(UnixPeerTest, HasReadAllOnlyAfterItRead) {
  EXPECT_EQ(unix_unread_at_most(near_.get()), 0U);
  write_some();
  EXPECT_GE(unix_unread_at_most(near_.get()), 4U) << "memory, so more rather than less";
  read_all();
  EXPECT_EQ(unix_unread_at_most(near_.get()), 0U);
}

TEST_F(UnixPeerTest, ThatReadsInPartIsNotCreditedWithMore) {
  write_some();
  std::array<char, 3> room{};
  ASSERT_EQ(::recv(far_.get(), room.data(), room.size(), 0), 3);
  EXPECT_GE(unix_unread_at_most(near_.get()), 1U);
}

TEST_F(UnixPeerTest, ThatClosedIsNotTakenForOneThatReadAll) {
  write_some();
  far_.reset();
  EXPECT_EQ(unacknowledged(near_.get()), 0U) << "which is what makes it a trap";
  EXPECT_EQ(unix_unread_at_most(near_.get()), std::nullopt);
}

TEST_F(UnixPeerTest, ThatReadAllAndClosedSaysNothing) {
  write_some();
  read_all();
  far_.reset();
  EXPECT_EQ(unix_unread_at_most(near_.get()), std::nullopt);
}

TEST_F(UnixPeerTest, IsSlowNeverDead) {
  fill(near_);
  EXPECT_EQ(judge(near_.get()), Health::kSlow);
  EXPECT_FALSE(tcp_health(near_.get()));
}

TEST_F(UnixPeerTest, IsClosedHardToo) {
  close_hard(near_);
  EXPECT_FALSE(near_);
  close_hard(near_);  // None: nothing to do.
}

}  // namespace
}  // namespace lariat::net
