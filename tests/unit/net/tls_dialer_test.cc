// A dialer that ends in TLS, against servers of every bad kind.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <functional>
#include <list>
#include <optional>

#include "agent/net/dialer.h"
#include "agent/net/listener.h"
#include "tests/support/loop_driver.h"
#include "tests/unit/net/loopback.h"
#include "tests/unit/net/tls_pair.h"

namespace lariat::net {
namespace {

using std::chrono::milliseconds;
using testing::AllOf;
using testing::HasSubstr;

/// Takes connections on a port of 127.0.0.1, and answers in TLS, or as the test says.
class Peer {
 public:
  Peer(loop::Loop& loop, std::shared_ptr<TlsContext> context)
      : loop_(loop), context_(std::move(context)) {
    url_ = *listener_.listen({.scheme = "tsdp", .host = "127.0.0.1"});
  }

  [[nodiscard]] std::uint16_t port() const { return url_.port; }
  /// Instead of TLS.
  std::function<void(int fd)> answer;
  [[nodiscard]] TlsChannel& channel() { return *connections_.back().channel; }

 private:
  struct Connection {
    explicit Connection(loop::Loop& loop) : handshake(loop, [](Handshake::End) {}) {}
    base::UniqueFd plain;
    std::unique_ptr<TlsChannel> channel;
    Handshake handshake;
  };

  void accept(base::UniqueFd socket) {
    auto& connection = connections_.emplace_back(loop_);
    if (answer) {
      connection.plain = std::move(socket);
      answer(connection.plain.get());
      return;
    }
    connection.channel = std::move(*context_->begin(std::move(socket), ""));
    connection.handshake.start(*connection.channel, std::chrono::seconds(30));
  }

  loop::Loop& loop_;
  std::shared_ptr<TlsContext> context_;
  std::list<Connection> connections_;
  Listener listener_{
      loop_, [this](base::UniqueFd socket, const std::string&) { accept(std::move(socket)); }};
  base::Url url_;
};

class TlsDialerTest : public testing::Test, protected test::TlsFixture {
 protected:
  void dial(std::shared_ptr<TlsContext> context, std::uint16_t port,
            milliseconds limit = std::chrono::seconds(20)) {
    outcome_.reset();
    dialer_.start({.scheme = "tsdp+tls", .host = "127.0.0.1", .port = port}, limit,
                  {.tls = std::move(context)});
    EXPECT_TRUE(test::run_until(
        loop_, [&] { return outcome_.has_value(); }, std::chrono::seconds(30)));
  }
  // What the attempt failed with.
  std::string fault(std::shared_ptr<TlsContext> context, Peer& peer) {
    dial(std::move(context), peer.port());
    EXPECT_FALSE(outcome_->channel);
    EXPECT_EQ(outcome_->failure, ConnectFailure::kTls) << outcome_->detail;
    return outcome_->detail;
  }
  using CertificateFiles = test::CertificateFiles;
  Peer peer_with(const CertificateFiles& files) {
    return {loop_, server({.certificate = files.certificate, .key = files.key})};
  }

  loop::Loop loop_;
  Resolver resolver_{loop_};
  std::optional<DialOutcome> outcome_;
  Dialer dialer_{loop_, resolver_, [this](DialOutcome outcome) { outcome_ = std::move(outcome); }};
};

TEST_F(TlsDialerTest, ConnectsAndSends) {
  Peer peer(loop_, server());
  dial(client(), peer.port());
  ASSERT_TRUE(outcome_->channel) << outcome_->detail;
  EXPECT_EQ(outcome_->failure, ConnectFailure::kNone);
  const iovec hello{const_cast<char*>("hello"), 5};
  EXPECT_EQ(outcome_->channel->send({&hello, 1}).octets, 5U);
  EXPECT_EQ(test::receive(peer.channel(), 5), "hello");
}

TEST_F(TlsDialerTest, TellsAnUnknownCa) {
  const test::TestCa other(folder.path(), "other");
  Peer peer(loop_, server());
  EXPECT_THAT(fault(client({.ca = other.file()}), peer),
              AllOf(HasSubstr("cannot connect to 127.0.0.1:"), HasSubstr("signed by \"ca\""),
                    HasSubstr("not in " + other.file())));
  EXPECT_THAT(fault(client({}), peer), AllOf(HasSubstr("does not trust"), HasSubstr("\"ca\"")));
}

TEST_F(TlsDialerTest, TellsAWrongNameWithThoseThatThereAre) {
  auto peer = peer_with(ca.issue("far", {.names = {"DNS:agg.example", "IP:192.0.2.7"}}));
  EXPECT_THAT(fault(client(), peer), HasSubstr("is for agg.example, 192.0.2.7, not for 127.0.0.1"));
  auto nameless = peer_with(ca.issue("nameless", {.common_name = "127.0.0.1", .names = {}}));
  EXPECT_THAT(fault(client(), nameless), HasSubstr("and no host"));
}

TEST_F(TlsDialerTest, TakesTheNameThatIsGiven) {
  auto peer = peer_with(ca.issue("far", {.names = {"DNS:agg.example", "IP:192.0.2.7"}}));
  for (const auto* name : {"agg.example", "agg.example.", "192.0.2.7"}) {
    dial(client({.ca = ca.file(), .server_name = name}), peer.port());
    EXPECT_TRUE(outcome_->channel) << outcome_->detail;
  }
}

TEST_F(TlsDialerTest, TellsWhenACertificateIsOutOfDate) {
  auto old = peer_with(ca.issue("old", {.common_name = "far", .from_days = -9, .until_days = -2}));
  EXPECT_THAT(fault(client(), old),
              AllOf(HasSubstr("\"far\" expired 2 days ago"), HasSubstr("new one")));
  auto early = peer_with(ca.issue("early", {.from_days = 2}));
  EXPECT_THAT(fault(client(), early),
              AllOf(HasSubstr("is valid only from"), HasSubstr("clock of this host")));
}

TEST_F(TlsDialerTest, TellsThatAClientCertificateIsWanted) {
  Peer peer(loop_, server({.ca = ca.file(), .certificate = own.certificate, .key = own.key}));
  EXPECT_THAT(fault(client(), peer), HasSubstr("wants a client certificate"));
}

TEST_F(TlsDialerTest, TellsThatItsCertificateIsRefused) {
  const test::TestCa other(folder.path(), "other");
  const auto unknown = other.issue("unknown");
  const auto old = ca.issue("old", {.from_days = -9, .until_days = -2});
  Peer peer(loop_, server({.ca = ca.file(), .certificate = own.certificate, .key = own.key}));
  EXPECT_THAT(
      fault(client({.ca = ca.file(), .certificate = unknown.certificate, .key = unknown.key}),
            peer),
      HasSubstr("does not know the CA of our certificate"));
  EXPECT_THAT(
      fault(client({.ca = ca.file(), .certificate = old.certificate, .key = old.key}), peer),
      HasSubstr("our certificate has expired"));
}

TEST_F(TlsDialerTest, ShowsItsCertificate) {
  const auto mine = ca.issue("mine", {.names = {}});
  Peer peer(loop_, server({.ca = ca.file(), .certificate = own.certificate, .key = own.key}));
  dial(client({.ca = ca.file(), .certificate = mine.certificate, .key = mine.key}), peer.port());
  EXPECT_TRUE(outcome_->channel) << outcome_->detail;
}

TEST_F(TlsDialerTest, TellsOfAPeerWithoutTls) {
  Peer peer(loop_, nullptr);
  peer.answer = [](int fd) { ::send(fd, "HTTP/1.1 400 Bad Request\r\n\r\n", 28, 0); };
  EXPECT_THAT(fault(client(), peer), HasSubstr("speaks no TLS"));
  peer.answer = [](int fd) { ::shutdown(fd, SHUT_WR); };
  EXPECT_THAT(fault(client(), peer), HasSubstr("closed the connection instead"));
}

TEST_F(TlsDialerTest, GivesUpAPeerThatSaysNothing) {
  Peer peer(loop_, nullptr);
  peer.answer = [](int) {};
  dial(client(), peer.port(), milliseconds(30));
  EXPECT_EQ(outcome_->failure, ConnectFailure::kTimeout);
  EXPECT_THAT(outcome_->detail, HasSubstr("TLS handshake within 30ms"));
}

TEST_F(TlsDialerTest, TellsOfFilesThatCannotBeRead) {
  Peer peer(loop_, server());
  EXPECT_THAT(fault(client({.ca = folder / "none.pem"}), peer), HasSubstr("does not exist"));
}

TEST_F(TlsDialerTest, CancelledItClosesTheSocketInMidHandshake) {
  Peer peer(loop_, nullptr);
  int theirs = -1;
  peer.answer = [&](int fd) { theirs = fd; };
  dialer_.start({.scheme = "tsdp+tls", .host = "127.0.0.1", .port = peer.port()},
                std::chrono::seconds(20), {.tls = client()});
  const auto greeted = [&] {
    int octets = 0;
    return theirs >= 0 && ::ioctl(theirs, FIONREAD, &octets) == 0 && octets > 0;
  };
  ASSERT_TRUE(test::run_until(loop_, greeted));
  dialer_.cancel();
  std::array<char, 4096> hello{};
  while (test::wait_readable(theirs) && ::recv(theirs, hello.data(), hello.size(), 0) > 0) {
  }
  EXPECT_EQ(::recv(theirs, hello.data(), hello.size(), MSG_DONTWAIT), 0);
  EXPECT_FALSE(outcome_);
}

}  // namespace
}  // namespace lariat::net
