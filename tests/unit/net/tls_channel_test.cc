#include "agent/net/tls_channel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "agent/net/peer.h"
#include "agent/net/socket_options.h"
#include "tests/unit/net/tls_pair.h"

namespace lariat::net {
namespace {

using Step = TlsChannel::Step;
using End = Received::End;
using testing::HasSubstr;

iovec as_iovec(const std::string& text) { return {const_cast<char*>(text.data()), text.size()}; }

std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + (i * 7 + i / 251) % 26);
  return text;
}

class TlsChannelTest : public testing::Test, protected test::TlsFixture {
 protected:
  TlsChannelTest() {
    pair_ = test::shake_hands(*client(), *server());
    EXPECT_EQ(pair_.client_step, Step::kDone);
    EXPECT_EQ(pair_.server_step, Step::kDone);
  }

  test::TlsPair pair_;
};

TEST_F(TlsChannelTest, SendsSmallSpansAsOneRecordInOneCall) {
  const std::string one = "one";
  const std::string none;
  const std::string two = "two";
  const std::array spans = {as_iovec(one), as_iovec(none), as_iovec(two)};
  const auto sent = pair_.client->send(spans);
  EXPECT_EQ(sent.octets, 6U);
  EXPECT_EQ(sent.calls, 1U);
  ASSERT_TRUE(test::wait_readable(pair_.server->fd()));
  int octets = 0;
  ::ioctl(pair_.server->fd(), FIONREAD, &octets);
  EXPECT_EQ(octets, 6 + 22) << "one record of TLS 1.3";
  EXPECT_EQ(test::receive(*pair_.server, 6), "onetwo");
  EXPECT_EQ(pair_.client->send({}).calls, 0U);
}

TEST_F(TlsChannelTest, SendsManyRecordsInOneCall) {
  const auto text = pattern(std::size_t{3} * 16384);
  const auto span = as_iovec(text);
  const auto sent = pair_.client->send({&span, 1});
  EXPECT_EQ(sent.octets, text.size());
  EXPECT_EQ(sent.calls, 1U);
  EXPECT_EQ(test::receive(*pair_.server, text.size()), text);
}

TEST_F(TlsChannelTest, KeepsOctetsWholeAcrossSpansOfAnySize) {
  const auto text = pattern(400'000);
  std::vector<iovec> spans;
  for (std::size_t at = 0, size = 1; at < text.size(); size = size * 3 % 40'009 + 1) {
    const auto count = std::min(size, text.size() - at);
    spans.push_back({const_cast<char*>(text.data() + at), count});
    at += count;
  }
  std::string got;
  std::span<const iovec> rest = spans;
  while (got.size() < text.size()) {
    auto sent = pair_.client->send(rest);
    ASSERT_EQ(sent.error, 0);
    while (sent.octets > 0 && sent.octets >= rest.front().iov_len) {
      sent.octets -= rest.front().iov_len;
      rest = rest.subspan(1);
    }
    if (sent.octets > 0) {
      auto& cut = spans[spans.size() - rest.size()];
      cut.iov_base = static_cast<char*>(cut.iov_base) + sent.octets;
      cut.iov_len -= sent.octets;
    }
    got += test::receive(*pair_.server, 1);
  }
  EXPECT_EQ(got, text);
}

TEST_F(TlsChannelTest, HoldsAtMostWhatOneCallSealsAndWantsToWriteUntilItIsGone) {
  set_peer_options(pair_.client->fd(), {});
  const auto text = pattern(std::size_t{1} << 20U);
  const auto span = as_iovec(text);
  std::uint64_t taken = 0;
  while (!pair_.client->wants_write()) taken += pair_.client->send({&span, 1}).octets;
  const auto more = pair_.client->send({&span, 1});
  EXPECT_EQ(more.octets, 0U) << "takes nothing while something waits inside";
  EXPECT_EQ(more.error, 0);
  EXPECT_LT(*pair_.client->acknowledged(), taken);

  std::uint64_t got = 0;
  while (got < taken) {
    static_cast<void>(pair_.client->send({}));
    got += test::receive(*pair_.server, 1).size();
  }
  EXPECT_EQ(got, taken);
  EXPECT_FALSE(pair_.client->wants_write());
  while (*pair_.client->acknowledged() < taken)
    ASSERT_EQ(tcp_health(pair_.client->fd())->probes, 0);
  EXPECT_EQ(*pair_.client->acknowledged(), taken);
}

TEST_F(TlsChannelTest, ACloseIsCleanOnlyWithItsWord) {
  pair_.client->finish();
  Received end;
  EXPECT_EQ(test::receive(*pair_.server, 0, &end), "");
  EXPECT_EQ(end.end, End::kClosed);
}

TEST_F(TlsChannelTest, GivesOctetsAndTheEndBehindThem) {
  const auto text = pattern(1000);
  const auto span = as_iovec(text);
  ASSERT_EQ(pair_.client->send({&span, 1}).octets, text.size());
  pair_.client->finish();
  pair_.client.reset();
  Received end;
  EXPECT_EQ(test::receive(*pair_.server, 0, &end), text);
  EXPECT_EQ(end.end, End::kClosed);
}

TEST_F(TlsChannelTest, AnEndWithoutItsWordIsAReset) {
  const auto text = pattern(1000);
  const auto span = as_iovec(text);
  ASSERT_EQ(pair_.client->send({&span, 1}).octets, text.size());
  pair_.client.reset();
  Received end;
  EXPECT_EQ(test::receive(*pair_.server, 0, &end), text);
  EXPECT_EQ(end.end, End::kFailed);
  EXPECT_EQ(end.error, ECONNRESET);
  EXPECT_THAT(std::string(pair_.server->trouble()), HasSubstr("cut"));
}

TEST_F(TlsChannelTest, KeepsTheErrorThatTheSocketTellsOnce) {
  const auto text = pattern(100);
  const auto span = as_iovec(text);
  ASSERT_EQ(pair_.client->send({&span, 1}).octets, text.size());
  ASSERT_TRUE(test::wait_readable(pair_.server->fd()));
  base::UniqueFd theirs(::dup(pair_.server->fd()));
  pair_.server.reset();
  close_hard(theirs);
  ASSERT_TRUE(test::wait_readable(pair_.client->fd()));
  EXPECT_EQ(pair_.client->send({&span, 1}).error, ECONNRESET);
  std::vector<std::byte> room(Channel::kLeastRoom);
  const auto got = pair_.client->recv(room);
  EXPECT_EQ(got.end, End::kFailed);
  EXPECT_EQ(got.error, ECONNRESET);
}

TEST_F(TlsChannelTest, RefusesOctetsThatWereChangedOnTheWay) {
  std::array<std::byte, 64> garbage{};
  garbage[0] = std::byte{0x17};
  garbage[1] = std::byte{0x03};
  garbage[2] = std::byte{0x03};
  garbage[4] = std::byte{0x3b};
  ASSERT_EQ(::send(pair_.client->fd(), garbage.data(), garbage.size(), 0), 64);
  Received end;
  test::receive(*pair_.server, 0, &end);
  EXPECT_EQ(end.end, End::kFailed);
  EXPECT_EQ(end.error, EPROTO);
  EXPECT_NE(pair_.server->trouble(), "");
}

TEST_F(TlsChannelTest, AcknowledgesWholeRecordsOnly) {
  const auto text = pattern(5000);
  const auto span = as_iovec(text);
  EXPECT_EQ(pair_.client->acknowledged(), 0U);
  ASSERT_EQ(pair_.client->send({&span, 1}).octets, 5000U);
  EXPECT_EQ(test::receive(*pair_.server, 5000), text);
  while (*pair_.client->acknowledged() == 0) ASSERT_FALSE(pair_.client->wants_write());
  EXPECT_EQ(pair_.client->acknowledged(), 5000U);
}

}  // namespace
}  // namespace lariat::net
