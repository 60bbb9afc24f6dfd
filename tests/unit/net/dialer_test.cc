#include "agent/net/dialer.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <chrono>
#include <fstream>
#include <memory>
#include <optional>
#include <string>

#include "tests/support/loop_driver.h"
#include "tests/unit/net/fake_dns.h"
#include "tests/unit/net/loopback.h"

namespace lariat::net {
namespace {

using std::chrono::milliseconds;
using test::BlackHole;
using test::free_port;
using test::have_ipv6;
using test::listen_on;
using test::listen_on_path;
using test::port_of;
using testing::HasSubstr;

base::Url tcp(const std::string& host, std::uint16_t port) {
  return {.scheme = "tsdp", .host = host, .port = port};
}

base::Url unix_path(const std::string& path) { return {.scheme = "tsdp+unix", .path = path}; }

/// A dialer whose names a name server of the test knows, and its last outcome.
class DialerTest : public testing::Test {
 protected:
  DialerTest() {
    std::ofstream(folder_.path("resolv.conf")) << "options ndots:0\n";
    resolver_.emplace(loop_, ResolverOptions{.name_servers = dns_.text(),
                                             .resolv_conf = folder_.path("resolv.conf"),
                                             .timeout = milliseconds(50)});
    dialer_ = std::make_unique<Dialer>(loop_, *resolver_, [this](DialOutcome outcome) {
      ++calls_;
      outcome_ = std::move(outcome);
      if (after_) after_();
    });
  }

  void dial(const base::Url& url, milliseconds connect_timeout = std::chrono::seconds(5)) {
    const int before = calls_;
    dialer_->start(url, connect_timeout);
    EXPECT_TRUE(dialer_->active());
    EXPECT_EQ(calls_, before) << "not from within";
    EXPECT_TRUE(test::run_until(loop_, [&] { return calls_ > before; }));
    EXPECT_FALSE(dialer_->active());
  }

  loop::Loop loop_;
  test::TemporaryFolder folder_;
  test::FakeDns dns_{loop_};
  std::optional<Resolver> resolver_;
  std::unique_ptr<Dialer> dialer_;

  int calls_ = 0;
  DialOutcome outcome_;
  std::function<void()> after_;
};

TEST_F(DialerTest, ConnectsToALiteral) {
  const auto listener = listen_on("127.0.0.1");
  const auto port = port_of(listener.get());
  dial(tcp("127.0.0.1", port));
  ASSERT_TRUE(outcome_.channel) << outcome_.detail;
  EXPECT_EQ(outcome_.failure, ConnectFailure::kNone);
  EXPECT_EQ(outcome_.detail, "");
  EXPECT_EQ(outcome_.peer, "127.0.0.1:" + std::to_string(port));
  EXPECT_EQ(Address::peer(outcome_.channel->fd())->text(), outcome_.peer);
  EXPECT_EQ(dns_.queries(), 0);
}

TEST_F(DialerTest, GivesASocketThatBlocksNothingAndIsNotInherited) {
  const auto listener = listen_on("127.0.0.1");
  dial(tcp("127.0.0.1", port_of(listener.get())));
  EXPECT_TRUE(::fcntl(outcome_.channel->fd(), F_GETFL) & O_NONBLOCK);
  EXPECT_TRUE(::fcntl(outcome_.channel->fd(), F_GETFD) & FD_CLOEXEC);
  int value = 0;
  socklen_t size = sizeof value;
  ::getsockopt(outcome_.channel->fd(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &value, &size);
  EXPECT_EQ(value, 128 * 1024);
}

TEST_F(DialerTest, ConnectsToASocketFile) {
  const auto path = folder_.path("in.sock");
  const auto listener = listen_on_path(path);
  dial(unix_path(path));
  ASSERT_TRUE(outcome_.channel) << outcome_.detail;
  EXPECT_EQ(outcome_.peer, path);
}

TEST_F(DialerTest, TriesTheSecondAddressWhenTheFirstRefuses) {
  dns_.set("agg.example", {.addresses = {"127.0.0.1", "127.0.0.2"}});
  for (const auto* listening : {"127.0.0.1", "127.0.0.2"}) {
    const auto listener = listen_on(listening);
    const auto port = port_of(listener.get());
    dial(tcp("agg.example", port));
    ASSERT_TRUE(outcome_.channel) << outcome_.detail;
    EXPECT_EQ(outcome_.peer, std::string(listening) + ":" + std::to_string(port));
  }
}

TEST_F(DialerTest, TriesBothFamilies) {
  if (!have_ipv6()) GTEST_SKIP() << "no IPv6 on loopback";
  dns_.set("agg.example", {.addresses = {"127.0.0.1", "::1"}});
  for (const auto* listening : {"127.0.0.1", "::1"}) {
    const auto listener = listen_on(listening);
    dial(tcp("agg.example", port_of(listener.get())));
    ASSERT_TRUE(outcome_.channel) << outcome_.detail;
    EXPECT_EQ(outcome_.peer, Address::local(listener.get())->text());
  }
}

TEST_F(DialerTest, TriesTheSecondAddressWhenTheFirstDoesNotAnswer) {
  const BlackHole hole;
  const auto listener = listen_on("127.0.0.2", hole.port());
  dns_.set("agg.example", {.addresses = {"127.0.0.1", "127.0.0.2"}});
  dial(tcp("agg.example", hole.port()), milliseconds(60));
  ASSERT_TRUE(outcome_.channel) << outcome_.detail;
  EXPECT_EQ(outcome_.peer, "127.0.0.2:" + std::to_string(hole.port()));
}

TEST_F(DialerTest, ResolvesAnewInEachAttempt) {
  const auto listener = listen_on("127.0.0.2");
  const auto port = port_of(listener.get());
  dns_.set("agg.example", {.addresses = {"127.0.0.1"}});
  dial(tcp("agg.example", port));
  EXPECT_EQ(outcome_.failure, ConnectFailure::kRefused);
  dns_.set("agg.example", {.addresses = {"127.0.0.2"}});
  dial(tcp("agg.example", port));
  EXPECT_TRUE(outcome_.channel) << outcome_.detail;
}

TEST_F(DialerTest, TellsThatNobodyListens) {
  const auto port = free_port();
  dial(tcp("127.0.0.1", port));
  EXPECT_FALSE(outcome_.channel);
  EXPECT_EQ(outcome_.failure, ConnectFailure::kRefused);
  EXPECT_EQ(outcome_.detail,
            "cannot connect to 127.0.0.1:" + std::to_string(port) + ": Connection refused");
}

TEST_F(DialerTest, TellsTheLastAddressTriedAndItsName) {
  dns_.set("agg.example", {.addresses = {"127.0.0.2"}});
  const auto port = free_port();
  dial(tcp("agg.example", port));
  EXPECT_EQ(outcome_.peer, "127.0.0.2:" + std::to_string(port));
  EXPECT_EQ(outcome_.detail, "cannot connect to 127.0.0.2:" + std::to_string(port) +
                                 " (agg.example): Connection refused");
}

TEST_F(DialerTest, TellsThatNobodyAnswers) {
  const BlackHole hole;
  const auto began = base::monotonic_now();
  dial(tcp("127.0.0.1", hole.port()), milliseconds(80));
  EXPECT_EQ(outcome_.failure, ConnectFailure::kTimeout);
  EXPECT_THAT(outcome_.detail, HasSubstr("no answer within 80ms"));
  EXPECT_GE(base::monotonic_now() - began, milliseconds(80));
}

TEST_F(DialerTest, TellsThatANameHasNoAddress) {
  dial(tcp("nobody.example", 2600));
  EXPECT_EQ(outcome_.failure, ConnectFailure::kResolve);
  EXPECT_THAT(outcome_.detail, HasSubstr("\"nobody.example\": Domain name not found"));
  EXPECT_EQ(outcome_.peer, "");
}

TEST_F(DialerTest, TellsThatTheNameServerIsSilent) {
  dns_.set("agg.example", {.silent = true});
  dial(tcp("agg.example", 2600));
  EXPECT_EQ(outcome_.failure, ConnectFailure::kResolve);
  EXPECT_THAT(outcome_.detail, HasSubstr("Timeout"));
}

TEST_F(DialerTest, TellsThatASocketFileIsMissingOrStale) {
  const auto path = folder_.path("in.sock");
  dial(unix_path(path));
  EXPECT_EQ(outcome_.failure, ConnectFailure::kRefused);
  EXPECT_EQ(outcome_.detail, "cannot connect to " + path + ": No such file or directory");
  listen_on_path(path).reset();
  dial(unix_path(path));
  EXPECT_EQ(outcome_.failure, ConnectFailure::kRefused);
  EXPECT_THAT(outcome_.detail, HasSubstr("Connection refused"));
}

TEST_F(DialerTest, TellsThatTheQueueOfASocketFileIsFull) {
  const auto path = folder_.path("in.sock");
  const auto listener = listen_on_path(path, 0);
  const auto first = test::begin_connect(*Address::from_path(path));
  dial(unix_path(path));
  EXPECT_EQ(outcome_.failure, ConnectFailure::kRefused);
  EXPECT_THAT(outcome_.detail, HasSubstr("queue of connections is full"));
}

TEST_F(DialerTest, RefusesADestinationWithoutPort) {
  dial(tcp("127.0.0.1", 0));
  EXPECT_EQ(outcome_.failure, ConnectFailure::kOther);
  EXPECT_THAT(outcome_.detail, HasSubstr("tsdp://127.0.0.1:0"));
}

TEST_F(DialerTest, OutOfDescriptorsIsAFailureOfOurs) {
  const auto listener = listen_on("127.0.0.1");
  const auto port = port_of(listener.get());
  // First with some: UBSan needs a pipe for the first look at a type.
  dial(tcp("127.0.0.1", port));
  ASSERT_TRUE(outcome_.channel);

  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const base::UniqueFd lowest(::dup(listener.get()));
  const rlimit none_left{.rlim_cur = static_cast<rlim_t>(lowest.get()),
                         .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none_left), 0);
  dial(tcp("127.0.0.1", port));
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(outcome_.failure, ConnectFailure::kOther);
  EXPECT_THAT(outcome_.detail, HasSubstr("Too many open files"));
}

TEST_F(DialerTest, CancelledTellsNothing) {
  const BlackHole hole;
  const auto listener = listen_on("127.0.0.1");
  dns_.set("agg.example", {.addresses = {"127.0.0.1"}});
  for (const auto& url : {tcp("127.0.0.1", hole.port()), tcp("agg.example", 1),
                          tcp("127.0.0.1", port_of(listener.get())), tcp("127.0.0.1", 0)}) {
    dialer_->start(url, milliseconds(20));
    loop_.run_ready();
    dialer_->cancel();
    EXPECT_FALSE(dialer_->active());
  }
  test::run_for(loop_, milliseconds(60));
  EXPECT_LE(calls_, 1) << "the one of port 0 may have been told within its turn";
}

TEST_F(DialerTest, StartedAgainForgetsTheFirstAttempt) {
  const BlackHole hole;
  const auto listener = listen_on("127.0.0.1");
  dialer_->start(tcp("127.0.0.1", hole.port()), milliseconds(10));
  dial(tcp("127.0.0.1", port_of(listener.get())));
  EXPECT_TRUE(outcome_.channel) << outcome_.detail;
  test::run_for(loop_, milliseconds(30));
  EXPECT_EQ(calls_, 1);
}

TEST_F(DialerTest, MayBeStartedFromItsCallback) {
  const auto listener = listen_on("127.0.0.1");
  const auto port = port_of(listener.get());
  after_ = [&] {
    if (calls_ < 3) dialer_->start(tcp("127.0.0.1", port), milliseconds(1000));
  };
  dialer_->start(tcp("127.0.0.1", free_port()), milliseconds(1000));
  EXPECT_TRUE(test::run_until(loop_, [&] { return calls_ == 3; }));
  EXPECT_TRUE(outcome_.channel) << outcome_.detail;
}

TEST_F(DialerTest, MayBeDestroyedFromItsCallback) {
  const BlackHole hole;
  const auto listener = listen_on("127.0.0.1");
  for (const auto& url :
       {tcp("127.0.0.1", port_of(listener.get())), tcp("127.0.0.1", hole.port()),
        tcp("127.0.0.1", free_port()), tcp("nobody.example", 1), unix_path("/nowhere")}) {
    bool gone = false;
    std::string word = "kept by the callback, which outlives its dialer";
    auto dialer = std::make_unique<Dialer>(loop_, *resolver_, [&, word](const DialOutcome&) {
      dialer_.reset();
      gone = word.size() > 4;
    });
    dialer_ = std::move(dialer);
    dialer_->start(url, milliseconds(20));
    EXPECT_TRUE(test::run_until(loop_, [&] { return gone; }));
    EXPECT_FALSE(dialer_);
  }
}

TEST_F(DialerTest, MayBeDestroyedWhileActive) {
  const BlackHole hole;
  dialer_->start(tcp("127.0.0.1", hole.port()), milliseconds(10));
  loop_.run_ready();
  dialer_.reset();
  test::run_for(loop_, milliseconds(30));
  EXPECT_EQ(calls_, 0);
}

TEST_F(DialerTest, SleepsWhileItWaits) {
  const BlackHole hole;
  dialer_->start(tcp("127.0.0.1", hole.port()), milliseconds(300));
  loop_.run_ready();
  loop_.run_ready();
  loop_.run_ready();
  const auto before = loop_.stats();
  test::run_for(loop_, milliseconds(150));
  EXPECT_EQ(loop_.stats().wakeups - before.wakeups, 1U) << "that of the end of the wait";
  EXPECT_TRUE(dialer_->active());
}

TEST(ConnectFailure, HasTheNamesOfTheMetric) {
  EXPECT_EQ(to_string(ConnectFailure::kNone), "none");
  EXPECT_EQ(to_string(ConnectFailure::kResolve), "resolve");
  EXPECT_EQ(to_string(ConnectFailure::kRefused), "refused");
  EXPECT_EQ(to_string(ConnectFailure::kTimeout), "timeout");
  EXPECT_EQ(to_string(ConnectFailure::kTls), "tls");
  EXPECT_EQ(to_string(ConnectFailure::kOther), "other");
}

}  // namespace
}  // namespace lariat::net
