#include "agent/net/listener.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/loop_driver.h"
#include "tests/unit/net/loopback.h"

namespace lariat::net {
namespace {

using std::chrono::milliseconds;
using test::begin_connect;
using test::have_ipv6;
using test::listen_on_path;
using testing::HasSubstr;
using testing::StartsWith;

base::Url tcp(const std::string& host, std::uint16_t port = 0) {
  return {.scheme = "tsdp", .host = host, .port = port};
}

base::Url unix_path(const std::string& path) { return {.scheme = "tsdp+unix", .path = path}; }

/// A listener, and whom it has accepted.
class ListenerTest : public testing::Test {
 protected:
  std::unique_ptr<Listener> make() {
    return std::make_unique<Listener>(loop_, [this](base::UniqueFd connection, std::string peer) {
      connections_.push_back(std::move(connection));
      peers_.push_back(std::move(peer));
    });
  }
  bool accepts(const std::string& host, std::uint16_t port) {
    const auto before = connections_.size();
    const auto client = begin_connect(*Address::from_literal(host, port));
    return test::run_until(loop_, [&] { return connections_.size() > before; });
  }
  bool accepts(const std::string& path) {
    const auto before = connections_.size();
    const auto client = begin_connect(*Address::from_path(path));
    return test::run_until(loop_, [&] { return connections_.size() > before; });
  }

  loop::Loop loop_;
  test::TemporaryFolder folder_;
  std::vector<base::UniqueFd> connections_;
  std::vector<std::string> peers_;
  std::unique_ptr<Listener> listener_ = make();
};

TEST_F(ListenerTest, TellsThePortItGot) {
  const auto url = listener_->listen(tcp("127.0.0.1"));
  ASSERT_TRUE(url) << url.error().text;
  EXPECT_GT(url->port, 0);
  EXPECT_EQ(url->host, "127.0.0.1");
  EXPECT_TRUE(accepts("127.0.0.1", url->port));
  EXPECT_THAT(peers_.at(0), StartsWith("127.0.0.1:"));
}

TEST_F(ListenerTest, GivesSocketsThatBlockNothingAndAreNotInherited) {
  const auto url = listener_->listen(tcp("127.0.0.1"));
  ASSERT_TRUE(accepts("127.0.0.1", url->port));
  EXPECT_TRUE(::fcntl(connections_.at(0).get(), F_GETFL) & O_NONBLOCK);
  EXPECT_TRUE(::fcntl(connections_.at(0).get(), F_GETFD) & FD_CLOEXEC);
}

TEST_F(ListenerTest, ListensOnIpv6) {
  if (!have_ipv6()) GTEST_SKIP() << "no IPv6 on loopback";
  const auto url = listener_->listen(tcp("::1"));
  ASSERT_TRUE(url) << url.error().text;
  EXPECT_EQ(url->text(), "tsdp://[::1]:" + std::to_string(url->port));
  EXPECT_TRUE(accepts("::1", url->port));
  EXPECT_THAT(peers_.at(0), StartsWith("[::1]:"));
}

TEST_F(ListenerTest, ListensOnBothFamiliesOnAnyAddress) {
  if (!have_ipv6()) GTEST_SKIP() << "no IPv6 on loopback";
  for (const auto* host : {"", "::"}) {
    const auto url = listener_->listen(tcp(host));
    ASSERT_TRUE(url) << url.error().text;
    EXPECT_EQ(url->host, "::");
    EXPECT_TRUE(accepts("127.0.0.1", url->port));
    EXPECT_THAT(peers_.back(), StartsWith("127.0.0.1:"));
    EXPECT_TRUE(accepts("::1", url->port));
  }
}

TEST_F(ListenerTest, KnowsOneName) {
  const auto url = listener_->listen(tcp("localhost"));
  ASSERT_TRUE(url) << url.error().text;
  EXPECT_TRUE(accepts("127.0.0.1", url->port));
  const auto name = listener_->listen(tcp("agg.example", 2600));
  ASSERT_FALSE(name);
  EXPECT_EQ(
      name.error().text,
      "cannot listen on tsdp://agg.example:2600: \"agg.example\" is a name; write an address, "
      "or localhost");
  EXPECT_FALSE(listener_->listening());
}

TEST_F(ListenerTest, SaysThatAnAddressIsTaken) {
  const auto url = listener_->listen(tcp("127.0.0.1"));
  const auto second = make();
  const auto taken = second->listen(*url);
  ASSERT_FALSE(taken);
  EXPECT_THAT(taken.error().text, HasSubstr("Address already in use"));
}

TEST_F(ListenerTest, ListensOnASocketFileAndRemovesIt) {
  const auto path = folder_.path("in.sock");
  const auto url = listener_->listen(unix_path(path));
  ASSERT_TRUE(url) << url.error().text;
  EXPECT_EQ(url->path, path);
  EXPECT_TRUE(accepts(path));
  EXPECT_EQ(peers_.at(0), "unix");
  listener_.reset();
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(ListenerTest, ReplacesASocketFileThatNobodyAnswersOn) {
  const auto path = folder_.path("in.sock");
  listen_on_path(path).reset();
  ASSERT_TRUE(std::filesystem::is_socket(path));
  const auto url = listener_->listen(unix_path(path));
  ASSERT_TRUE(url) << url.error().text;
  EXPECT_TRUE(accepts(path));
}

TEST_F(ListenerTest, LeavesASocketFileThatIsAnsweredOn) {
  const auto path = folder_.path("in.sock");
  const auto other = listen_on_path(path, 0);
  for (int i = 0; i < 3; ++i) {  // Also when its queue is full.
    const auto url = listener_->listen(unix_path(path));
    ASSERT_FALSE(url);
    EXPECT_THAT(url.error().text, HasSubstr("another program answers there"));
  }
  EXPECT_TRUE(std::filesystem::is_socket(path));
}

TEST_F(ListenerTest, LeavesAFileThatIsNoSocket) {
  const auto path = folder_.path("in.sock");
  std::ofstream(path) << "precious";
  const auto url = listener_->listen(unix_path(path));
  ASSERT_FALSE(url);
  EXPECT_THAT(url.error().text, HasSubstr("not a socket"));
  EXPECT_EQ(std::filesystem::file_size(path), 8U);
}

TEST_F(ListenerTest, DoesNotFollowALinkToASocket) {
  listen_on_path(folder_.path("stale.sock")).reset();
  const auto path = folder_.path("in.sock");
  std::filesystem::create_symlink(folder_.path("stale.sock"), path);
  EXPECT_FALSE(listener_->listen(unix_path(path)));
  EXPECT_TRUE(std::filesystem::is_symlink(path));
}

TEST_F(ListenerTest, DoesNotRemoveTheFileOfItsSuccessor) {
  const auto path = folder_.path("in.sock");
  ASSERT_TRUE(listener_->listen(unix_path(path)));
  std::filesystem::rename(path, folder_.path("old.sock"));
  const auto successor = make();
  ASSERT_TRUE(successor->listen(unix_path(path)));
  listener_.reset();
  EXPECT_TRUE(accepts(path));
}

TEST_F(ListenerTest, SaysThatAFolderIsMissing) {
  const auto url = listener_->listen(unix_path(folder_.path("no/in.sock")));
  ASSERT_FALSE(url);
  EXPECT_THAT(url.error().text, HasSubstr("No such file or directory"));
}

TEST_F(ListenerTest, TakesACrowdInBoundedTurns) {
  const auto url = listener_->listen(tcp("127.0.0.1"));
  std::vector<base::UniqueFd> crowd;
  for (int i = 0; i < 100; ++i) {
    crowd.push_back(begin_connect(*Address::from_literal("127.0.0.1", url->port)));
  }
  loop_.run_once();
  EXPECT_EQ(connections_.size(), 64U);
  EXPECT_TRUE(test::run_until(loop_, [&] { return connections_.size() == 100; }));
}

TEST_F(ListenerTest, RestsWhenOutOfDescriptors) {
  const auto url = listener_->listen(tcp("127.0.0.1"));
  const auto client = begin_connect(*Address::from_literal("127.0.0.1", url->port));
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  base::UniqueFd lowest(::dup(client.get()));
  const rlimit none_left{.rlim_cur = static_cast<rlim_t>(lowest.get()),
                         .rlim_max = before.rlim_max};
  lowest.reset();
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none_left), 0);
  const bool rested = test::run_until(loop_, [&] { return listener_->pauses() == 1; });
  const auto turns = loop_.stats().iterations;
  test::run_for(loop_, milliseconds(200));
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_TRUE(rested);
  EXPECT_LE(loop_.stats().iterations, turns + 3) << "it must not spin";
  EXPECT_EQ(listener_->pauses(), 1U);
  EXPECT_TRUE(connections_.empty());
  EXPECT_TRUE(test::run_until(loop_, [&] { return connections_.size() == 1; }));
}

TEST_F(ListenerTest, MayBeClosedFromItsCallback) {
  int accepted = 0;
  Listener once(loop_, [&](const base::UniqueFd&, const std::string&) {
    ++accepted;
    once.close();
  });
  const auto url = once.listen(tcp("127.0.0.1"));
  const auto address = *Address::from_literal("127.0.0.1", url->port);
  const auto first = begin_connect(address);
  const auto second = begin_connect(address);
  EXPECT_TRUE(test::run_until(loop_, [&] { return accepted == 1; }));
  test::run_for(loop_, milliseconds(20));
  EXPECT_EQ(accepted, 1);
  EXPECT_FALSE(once.listening());
}

TEST_F(ListenerTest, SleepsWhileNobodyCalls) {
  ASSERT_TRUE(listener_->listen(tcp("127.0.0.1")));
  test::run_for(loop_, milliseconds(100));
  EXPECT_EQ(loop_.stats().wakeups, 1U) << "that of the end of the wait";
}

}  // namespace
}  // namespace lariat::net
