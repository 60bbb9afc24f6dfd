#include "agent/app/notify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "agent/base/unique_fd.h"
#include "tests/support/loop_driver.h"

namespace lariat::app {
namespace {

using testing::ElementsAre;
using testing::StartsWith;

/// The end of systemd: a datagram socket in the abstract name space, named in the environment.
class NotifyTest : public testing::Test {
 protected:
  NotifyTest() {
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    const auto name = "@lariat-notify-" + std::to_string(::getpid());
    std::memcpy(address.sun_path, name.data(), name.size());
    address.sun_path[0] = '\0';
    socket_.reset(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address),
                     static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size())),
              0);
    ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
  }
  ~NotifyTest() override {
    for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) ::unsetenv(name);
  }

  void watchdog(const std::string& microseconds, const std::string& pid) {
    ::setenv("WATCHDOG_USEC", microseconds.c_str(), 1);
    ::setenv("WATCHDOG_PID", pid.c_str(), 1);
  }

  std::vector<std::string> received() {
    std::vector<std::string> messages;
    std::array<char, 4096> buffer{};
    for (;;) {
      const ssize_t got = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
      if (got < 0) return messages;
      messages.emplace_back(buffer.data(), static_cast<std::size_t>(got));
    }
  }

  base::UniqueFd socket_;
  loop::Loop loop_;
};

TEST_F(NotifyTest, TellsEachStateInSystemdsWords) {
  Notify notify(loop_);
  notify.ready("3 endpoints");
  notify.reloading();
  notify.stopping();
  EXPECT_THAT(received(),
              ElementsAre("READY=1\nSTATUS=3 endpoints", StartsWith("RELOADING=1\nMONOTONIC_USEC="),
                          StartsWith("STOPPING=1\n")));
}

TEST_F(NotifyTest, CollectorsDoNotInheritTheVariables) {
  watchdog("1000000", std::to_string(::getpid()));
  const Notify notify(loop_);
  EXPECT_EQ(::getenv("NOTIFY_SOCKET"), nullptr);
  EXPECT_EQ(::getenv("WATCHDOG_USEC"), nullptr);
  EXPECT_EQ(::getenv("WATCHDOG_PID"), nullptr);
}

TEST_F(NotifyTest, FeedsTheWatchdogTwiceInItsTime) {
  watchdog("40000", std::to_string(::getpid()));
  Notify notify(loop_);
  ASSERT_EQ(notify.watchdog_interval(), std::chrono::microseconds(20000));
  notify.ready("");
  std::vector<std::string> all;
  ASSERT_TRUE(test::run_until(loop_, [&] {
    for (auto& message : received()) all.push_back(std::move(message));
    return all.size() >= 4;
  }));
  EXPECT_THAT(std::vector<std::string>(all.begin(), all.begin() + 4),
              ElementsAre("READY=1\nSTATUS=", "WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1"));
}

TEST_F(NotifyTest, ALoopThatSpinsDoesNotFeedTheWatchdog) {
  watchdog("2000000", std::to_string(::getpid()));
  Notify notify(loop_);
  notify.ready("");
  ASSERT_THAT(received(), ElementsAre("READY=1\nSTATUS=", "WATCHDOG=1"));
  loop::Timer spin(loop_, [&] {
    loop_.nothing_done();
    spin.start(std::chrono::nanoseconds(0));
  });
  spin.start(std::chrono::nanoseconds(0));
  test::run_for(loop_, std::chrono::milliseconds(2500));
  spin.stop();
  EXPECT_THAT(received(), testing::SizeIs(testing::Le(1)));
}

TEST_F(NotifyTest, AWatchdogOfAnotherProcessIsNotOurs) {
  watchdog("1000000", std::to_string(::getpid() + 1));
  const Notify notify(loop_);
  EXPECT_EQ(notify.watchdog_interval(), std::nullopt);
}

TEST(NotifyAlone, WithoutSystemdNothingIsDone) {
  ::unsetenv("NOTIFY_SOCKET");
  ::setenv("WATCHDOG_USEC", "1000000", 1);
  loop::Loop loop;
  Notify notify(loop);
  notify.ready("");
  EXPECT_EQ(notify.watchdog_interval(), std::nullopt);
  loop.run();  // Ends at once: there is no timer.
}

}  // namespace
}  // namespace lariat::app
