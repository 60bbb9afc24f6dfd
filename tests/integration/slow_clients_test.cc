#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <iostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/base/unique_fd.h"
#include "tests/integration/agent_run.h"
#include "tests/integration/bench_run.h"
#include "tests/integration/delay.h"
#include "tests/integration/number_source.h"
#include "tests/support/http_client.h"
#include "tests/support/process.h"
#include "tests/support/test_receiver.h"

namespace lariat::test {
namespace {

using std::chrono::milliseconds;

base::UniqueFd connect_to(std::uint16_t port) {
  base::UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int small = 4096;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    socket.reset();
  }
  ::fcntl(socket.get(), F_SETFL, O_NONBLOCK);
  return socket;
}

void say(int socket, std::string_view text) {
  // What the agent has closed is not to end the test.
  [[maybe_unused]] const ssize_t sent =
      ::send(socket, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

/// Clients of four sorts that hold on to a connection for as long as they may.
class SlowClients {
 public:
  SlowClients(std::uint16_t port, std::size_t count) : port_(port) {
    for (std::size_t i = 0; i < count; ++i) connect_one(i);
  }

  // Those that have been shown the door come again, and those that dribble do so.
  void go_on() {
    for (std::size_t i = 0; i < sockets_.size(); ++i) {
      char octet = 0;
      const bool reads = i % 4 != 3;
      const ssize_t got =
          reads ? ::recv(sockets_[i].get(), &octet, 1, MSG_PEEK | MSG_DONTWAIT) : -1;
      const bool ended = reads && (got == 0 || (got < 0 && errno != EAGAIN));
      if (ended || got > 0) {
        connect_one(i);
      } else if (i % 4 == 1) {
        say(sockets_[i].get(), "X-More: of it\r\n");
      }
    }
  }

 private:
  void connect_one(std::size_t i) {
    auto socket = connect_to(port_);
    if (i % 4 == 1) say(socket.get(), "GET /metrics HTTP/1.1\r\nHost: here\r\n");
    if (i % 4 == 2) say(socket.get(), "GET /met");
    if (i % 4 == 3) {
      // Never reads; each answer is larger than what the kernel keeps for it.
      for (int ask = 0; ask < 50; ++ask) {
        say(socket.get(), "GET /metrics HTTP/1.1\r\nHost: here\r\n\r\n");
      }
    }
    if (i < sockets_.size()) {
      sockets_[i] = std::move(socket);
    } else {
      sockets_.push_back(std::move(socket));
    }
  }

  std::uint16_t port_;
  std::vector<base::UniqueFd> sockets_;
};

/// Numbers flow to two endpoints, and the host is on /metrics.
class HttpUnderFire : public testing::Test {
 protected:
  [[nodiscard]] std::string configuration() const {
    return endpoints_member({a_.url(), b_.url()}) +
           ",\n\"collectors\": {\"directories\": [], \"run\": {" + numbers_member() +
           R"(, "linux": {"command": ["linux"], "mode": "stream", "interval": "1d"}}})";
  }

  void wait_for_flow() {
    numbers_.wait_for_frames(5'000);
    EXPECT_TRUE(wait_until([&] { return a_.record().frames > 0 && b_.record().frames > 0; }));
  }
  // The host's numbers come too: what counts is that the numbers are all there.
  MetricsText expect_all_delivered() {
    const auto count = numbers_.stop();
    auto end = agent_.ledgers_at_rest();
    for (const auto* receiver : {&a_, &b_}) {
      EXPECT_TRUE(wait_until([&] { return receiver->numbers().missing_count(count) == 0; }));
      EXPECT_EQ(receiver->record().connections, 1U);
      EXPECT_EQ(receiver->record().bad, 0U);
    }
    EXPECT_EQ(end.sum("lariat_endpoint_frames_dropped_total"), 0);
    EXPECT_EQ(end.count("lariat_loop_spins_total"), 0U);
    return end;
  }

  TestReceiver a_;
  TestReceiver b_;
  AgentRun agent_{configuration()};
  NumberSource numbers_{agent_};
};

TEST_F(HttpUnderFire, FiveHundredSlowClientsHarmNobodyAndAreGoneAfterTheirDeadlines) {
  constexpr std::size_t kClients = 500;
  wait_for_flow();
  const auto before = agent_.ledgers();
  const auto resident = status_number(agent_.process().pid(), "VmRSS");
  const auto began = steady_now();
  std::size_t good = 0;
  std::size_t busy = 0;
  {
    SlowClients clients(agent_.port(), kClients);
    const Deadline end(lasting(std::chrono::seconds(12), std::chrono::seconds(12)));
    while (!end.passed()) {
      const Deadline next(milliseconds(1'000));
      const auto answer = agent_.get("/metrics");
      (answer.status == 200 ? good : busy) += 1;
      EXPECT_TRUE(answer.status == 200 || answer.status == 503) << answer.status;
      EXPECT_GT(next.left(), 0) << "an answer comes within the second";
      clients.go_on();
      agent_.process().wait(milliseconds(next.left()));
    }
    EXPECT_LE(status_number(agent_.process().pid(), "VmRSS"),
              resident + (kSanitized ? 200'000U : 16'384U));
    // None comes again, and those that are there go when their time is over.
    EXPECT_TRUE(wait_until(
        [&] {
          const auto answer = agent_.get("/metrics?scope=agent");
          return answer.status == 200 && MetricsText(answer.body).value("process_open_fds") <=
                                             before.value("process_open_fds");
        },
        milliseconds(60'000), milliseconds(250)));
  }
  const auto ended = steady_now();
  std::cout << "scrapes answered " << good << ", turned away " << busy << '\n';
  const auto after = expect_all_delivered();
  const double seconds = static_cast<double>(ended - began) / 1e9;
  const auto cpu =
      after.value("process_cpu_seconds_total") - before.value("process_cpu_seconds_total");
  std::cout << "CPU " << cpu << " s of " << seconds << " s\n";
  if (!kSanitized) {
    EXPECT_LE(cpu, seconds / 2);
  }
}

TEST_F(HttpUnderFire, HugeRequestsAreRefused) {
  wait_for_flow();
  const std::string huge(1 << 20, 'x');
  const auto path = http_send(agent_.port(), "GET /" + huge + " HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(path.status == 431 || path.status == 414) << path.status;
  const auto header =
      http_send(agent_.port(), "GET / HTTP/1.1\r\nHost: a\r\nX: " + huge + "\r\n\r\n");
  EXPECT_EQ(header.status, 431);
  const auto body = http_send(
      agent_.port(), "POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 1048576\r\n\r\n" + huge);
  EXPECT_EQ(body.status, 405);
  EXPECT_EQ(agent_.get("/-/healthy").status, 200);
  expect_all_delivered();
}

TEST_F(HttpUnderFire, WithoutDescriptorsItGoesOnAndRecovers) {
  wait_for_flow();
  const auto pid = agent_.process().pid();
  rlimit usual{};
  ASSERT_EQ(::prlimit(pid, RLIMIT_NOFILE, nullptr, &usual), 0);
  const auto open = agent_.ledgers().count("process_open_fds");
  const rlimit none{.rlim_cur = open + 1, .rlim_max = usual.rlim_max};
  ASSERT_EQ(::prlimit(pid, RLIMIT_NOFILE, &none, nullptr), 0);
  {
    std::vector<base::UniqueFd> clients;
    for (int i = 0; i < 20; ++i) {
      clients.push_back(connect_to(agent_.port()));
      say(clients.back().get(), "GET /metrics HTTP/1.1\r\nHost: here\r\n\r\n");
    }
    // The endpoints have theirs, and the queue that cannot be taken from is not polled.
    const auto frames = a_.record().frames + static_cast<std::uint64_t>(NumberSource::kRate);
    EXPECT_TRUE(wait_until([&] { return a_.record().frames > frames; })) << agent_.log();
    agent_.process().wait(milliseconds(1'500));
    EXPECT_TRUE(agent_.process().running());
    ASSERT_EQ(::prlimit(pid, RLIMIT_NOFILE, &usual, nullptr), 0);
  }
  EXPECT_TRUE(wait_until([&] { return agent_.get("/metrics").status == 200; })) << agent_.log();
  expect_all_delivered();
  EXPECT_EQ(agent_.end(), 0);
}

}  // namespace
}  // namespace lariat::test
