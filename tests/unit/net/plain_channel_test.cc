#include "agent/net/plain_channel.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <vector>

#include "tests/unit/net/loopback.h"

namespace lariat::net {
namespace {

iovec as_iovec(const std::string& text) { return {const_cast<char*>(text.data()), text.size()}; }

/// A channel over TCP and the far end of it.
class PlainChannelTest : public testing::Test {
 protected:
  PlainChannelTest() {
    const auto listener = test::listen_on("127.0.0.1");
    auto [near, far] = test::connect_pair(listener.get());
    channel_.emplace(std::move(near));
    far_ = std::move(far);
  }

  Received wait_and_receive() {
    pollfd readable{.fd = channel_->fd(), .events = POLLIN};
    EXPECT_EQ(::poll(&readable, 1, 10'000), 1);
    return channel_->recv(room_);
  }

  std::optional<PlainChannel> channel_;
  base::UniqueFd far_;
  std::vector<std::byte> room_ = std::vector<std::byte>(Channel::kLeastRoom);
};

TEST_F(PlainChannelTest, SendsAllSpansInOneCall) {
  const std::string one = "one";
  const std::string two = "two";
  const std::array spans = {as_iovec(one), as_iovec(two)};
  const auto sent = channel_->send(spans);
  EXPECT_EQ(sent.octets, 6U);
  EXPECT_EQ(sent.calls, 1U);
  EXPECT_EQ(sent.error, 0);
  std::array<char, 16> got{};
  EXPECT_EQ(::recv(far_.get(), got.data(), 6, MSG_WAITALL), 6);
  EXPECT_STREQ(got.data(), "onetwo");
  EXPECT_EQ(channel_->send({}).calls, 0U) << "nothing to send, nothing done";
}

TEST_F(PlainChannelTest, TakesWhatTheSocketTakesAndHoldsNothing) {
  const std::string much(std::size_t{1} << 20U, 'x');
  const auto span = as_iovec(much);
  Sent sent;
  std::uint64_t taken = 0;
  do {
    sent = channel_->send({&span, 1});
    taken += sent.octets;
  } while (sent.octets > 0);
  EXPECT_EQ(sent.error, 0);
  EXPECT_FALSE(channel_->wants_write());
  const auto arrived = channel_->acknowledged();
  ASSERT_TRUE(arrived);
  EXPECT_LT(*arrived, taken) << "nobody reads";
}

TEST_F(PlainChannelTest, TellsAnEndAndAnErrorApart) {
  EXPECT_EQ(channel_->recv(room_).end, Received::End::kNone);
  ASSERT_EQ(::send(far_.get(), "abc", 3, 0), 3);
  EXPECT_EQ(wait_and_receive().octets, 3U);
  ::shutdown(far_.get(), SHUT_WR);
  EXPECT_EQ(wait_and_receive().end, Received::End::kClosed);
}

TEST_F(PlainChannelTest, TellsAReset) {
  const std::string text = "unread";
  const auto span = as_iovec(text);
  ASSERT_EQ(channel_->send({&span, 1}).octets, text.size());
  const linger none{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(far_.get(), SOL_SOCKET, SO_LINGER, &none, sizeof none);
  far_.reset();
  const auto got = wait_and_receive();
  EXPECT_EQ(got.end, Received::End::kFailed);
  EXPECT_EQ(got.error, ECONNRESET);
}

}  // namespace
}  // namespace lariat::net
