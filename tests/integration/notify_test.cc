#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <chrono>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "agent/base/unique_fd.h"
#include "tests/integration/agent_run.h"
#include "tests/support/process.h"

namespace lariat::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using testing::HasSubstr;
using testing::StartsWith;

/// The datagram socket that a service manager listens on.
class Manager {
 public:
  Manager() : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    std::strncpy(address.sun_path, path().c_str(), sizeof address.sun_path - 1);
    EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
              0);
  }

  [[nodiscard]] std::string path() const { return folder_.file("notify"); }

  /// The next that the service says; nothing if it is silent for so long.
  std::optional<std::string> next(milliseconds patience = kPatience) {
    pollfd readable{.fd = socket_.get(), .events = POLLIN, .revents = 0};
    if (::poll(&readable, 1, static_cast<int>(patience.count())) != 1) return std::nullopt;
    std::array<char, 4096> text{};
    const ssize_t got = ::recv(socket_.get(), text.data(), text.size(), 0);
    return std::string(text.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  }
  /// The same; what only feeds the watchdog is passed over.
  std::string next_state() {
    const Deadline deadline(kPatience);
    while (auto text = next(milliseconds(deadline.left()))) {
      if (*text != "WATCHDOG=1") return *text;
    }
    return "silence";
  }

 private:
  TemporaryDirectory folder_;
  base::UniqueFd socket_;
};

class Notified : public testing::Test {
 protected:
  [[nodiscard]] std::vector<std::string> wrapper(const std::string& watchdog = "") const {
    std::vector<std::string> words = {"env", "NOTIFY_SOCKET=" + manager_.path()};
    if (!watchdog.empty()) words.push_back("WATCHDOG_USEC=" + watchdog);
    return words;
  }

  Manager manager_;
};

std::int64_t monotonic_microseconds() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             steady_clock::now().time_since_epoch())
      .count();
}

TEST_F(Notified, OfTheStartOfReloadsAndOfTheEnd) {
  AgentRun agent("", wrapper());
  EXPECT_THAT(manager_.next_state(), StartsWith("READY=1\nSTATUS="));
  for (const auto* configuration : {"{}", "{\"mistake\": 1}"}) {
    if (std::string(configuration) == "{}") {
      agent.write_configuration("");
    } else {
      agent.write_whole_configuration(configuration);
    }
    const auto before = monotonic_microseconds();
    agent.reload();
    const auto reloading = manager_.next_state();
    constexpr std::string_view kReloading = "RELOADING=1\nMONOTONIC_USEC=";
    ASSERT_THAT(reloading, StartsWith(std::string(kReloading)));
    const auto at = std::stoll(reloading.substr(kReloading.size()));
    EXPECT_GE(at, before);
    EXPECT_LE(at, monotonic_microseconds());
    EXPECT_THAT(manager_.next_state(), StartsWith("READY=1\n"));
  }
  EXPECT_EQ(agent.end(), 0);
  EXPECT_THAT(manager_.next_state(), StartsWith("STOPPING=1"));
  EXPECT_EQ(manager_.next(milliseconds(0)), std::nullopt) << "without a watchdog nothing feeds it";
}

TEST_F(Notified, TheWatchdogIsFedAtHalfItsTimeAndNotByALoopThatStands) {
  constexpr milliseconds kWatchdog{2'000};
  AgentRun agent("", wrapper("2000000"));
  ASSERT_THAT(manager_.next_state(), StartsWith("READY=1"));
  ASSERT_EQ(manager_.next(), "WATCHDOG=1");
  auto last = steady_clock::now();
  for (int i = 0; i < 2; ++i) {
    ASSERT_EQ(manager_.next(), "WATCHDOG=1");
    const auto gap = std::exchange(last, steady_clock::now());
    EXPECT_GT(last - gap, kWatchdog / 4);
    EXPECT_LT(last - gap, kWatchdog);
  }
  agent.process().stop();
  while (manager_.next(milliseconds(0))) {
  }
  EXPECT_EQ(manager_.next(kWatchdog * 3 / 2), std::nullopt) << "systemd would end it now";
  agent.process().go_on();
  EXPECT_EQ(manager_.next(), "WATCHDOG=1");
  EXPECT_EQ(agent.end(), 0);
}

TEST_F(Notified, CollectorsDoNotSpeakForTheAgent) {
  AgentRun agent(R"("collectors": {"directories": [], "run": {"env": {"command": ["/bin/sh", "-c",
                    "echo fact asks ${NOTIFY_SOCKET-nobody}-${WATCHDOG_USEC-nobody}"]}}})",
                 wrapper("60000000"));
  const MetricsText::Labels wanted = {{"value", "nobody-nobody"}};
  const auto reading = agent.metrics_when(
      [&](const MetricsText& now) { return now.find("asks_info", wanted).has_value(); }, "host");
  EXPECT_TRUE(reading.find("asks_info", wanted).has_value());
  EXPECT_EQ(agent.end(), 0);
}

}  // namespace
}  // namespace lariat::test
