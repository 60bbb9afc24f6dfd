#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <list>
#include <string>
#include <vector>

#include "agent/expose/http_server.h"
#include "tests/support/loop_driver.h"
#include "tests/unit/expose/exposed_agent.h"

namespace lariat::expose {
namespace {

using std::chrono::milliseconds;
using test::body_of;
using test::Client;
using test::code_of;
using testing::HasSubstr;

/// A server of little patience.
class HttpLimitsTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto address = server_.listen("127.0.0.1", 0);
    ASSERT_TRUE(address) << address.error().text;
    port_ = test::port_of(*address);
  }
  Client connect(int receive_buffer = 0) { return Client::tcp(agent_.loop, port_, receive_buffer); }
  bool until_connections(std::size_t count) {
    return test::run_until(agent_.loop, [&] { return server_.connections() == count; });
  }

  test::ExposedAgent agent_;
  HttpServer server_{agent_.loop,
                     agent_.sources(),
                     {.connections = 8,
                      .request = milliseconds(200),
                      .answer = milliseconds(300),
                      .idle = milliseconds(400)}};
  std::uint16_t port_ = 0;
};

TEST_F(HttpLimitsTest, ARequestOf8KiBIsTooLarge) {
  for (const std::size_t size : {9'000U, 100'000U}) {
    auto client = connect();
    client.send("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(size, 'x') + "\r\n\r\n");
    EXPECT_EQ(code_of(client.until_closed()), "431") << size;
  }
  auto client = connect();
  client.send("GET /-/healthy HTTP/1.1\r\nHost: a\r\nX: " + std::string(5'000, 'x') + "\r\n\r\n");
  EXPECT_EQ(code_of(client.answer()), "200");
}

TEST_F(HttpLimitsTest, ALongLineIsRefused) {
  auto client = connect();
  client.send("GET /" + std::string(20'000, 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(code_of(client.until_closed()), "414");
}

TEST_F(HttpLimitsTest, AConnectionWithoutARequestIsClosedInTime) {
  auto client = connect();
  EXPECT_EQ(client.until_closed(), "");
  EXPECT_TRUE(until_connections(0));
}

TEST_F(HttpLimitsTest, AnOctetNowAndThenBuysNoTime) {
  auto client = connect();
  const auto begin = base::monotonic_now();
  loop::Timer drip(agent_.loop, [&] {
    client.send("x");
    drip.start(milliseconds(20));
  });
  client.send("GET / HTTP/1.1\r\nX: ");
  drip.start(milliseconds(20));
  client.until_closed();
  EXPECT_LT(base::monotonic_now() - begin, std::chrono::seconds(3));
}

TEST_F(HttpLimitsTest, ASlowRequestOnAnIdleConnectionHasTheSameLimit) {
  auto client = connect();
  client.get("/-/healthy");
  const auto begin = base::monotonic_now();
  client.send("GET / HTTP/1.1\r\nX: ");
  client.until_closed();
  EXPECT_LT(base::monotonic_now() - begin, milliseconds(390)) << "that is the limit of an idle one";
}

TEST_F(HttpLimitsTest, AnIdleConnectionEndsWithOneWakeUp) {
  auto client = connect();
  client.get("/-/healthy");
  agent_.loop.run_ready();
  const auto before = agent_.loop.stats();
  ASSERT_TRUE(until_connections(0));
  EXPECT_LE(agent_.loop.stats().wakeups - before.wakeups, 2U);
  EXPECT_TRUE(client.receive());
}

TEST_F(HttpLimitsTest, AClientThatNeverReadsIsLeftInTimeWithoutASpin) {
  agent_.fill(100'000);
  auto client = connect(4096);
  client.send("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(until_connections(1));
  test::run_for(agent_.loop, milliseconds(100));  // Until the buffers are full.
  const auto before = agent_.loop.stats().iterations;
  ASSERT_TRUE(until_connections(0));
  EXPECT_LT(agent_.loop.stats().iterations - before, 500U) << "a spin is 100,000";
}

TEST_F(HttpLimitsTest, ManyClientsThatNeverReadCostNoneOfTheOthersItsScrape) {
  agent_.fill(20'000);
  std::list<Client> stuck;
  for (int i = 0; i < 6; ++i) {
    stuck.push_back(connect(4096));
    stuck.back().send("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
  }
  EXPECT_THAT(body_of(connect().get("/metrics")), HasSubstr("{series=\"119999\"} 19999\n"));
}

TEST_F(HttpLimitsTest, SeveralScrapesAtOnceAreEachWhole) {
  agent_.fill(5'000);
  std::list<Client> clients;
  for (int i = 0; i < 8; ++i) {
    clients.push_back(connect());
    clients.back().send("GET /metrics?scope=host HTTP/1.1\r\nHost: a\r\n\r\n");
  }
  const auto first = body_of(clients.front().answer());
  EXPECT_THAT(first, HasSubstr("{series=\"104999\"} 4999\n"));
  for (auto client = std::next(clients.begin()); client != clients.end(); ++client) {
    EXPECT_EQ(body_of(client->answer()), first);
  }
}

TEST_F(HttpLimitsTest, OneTooManyIsToldSoAndLaterServed) {
  std::list<Client> slow;
  for (int i = 0; i < 8; ++i) {
    slow.push_back(connect());
    slow.back().send("GET / HT");
  }
  ASSERT_TRUE(until_connections(8));
  auto late = connect();
  late.send("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
  const auto refused = late.until_closed();
  EXPECT_EQ(code_of(refused), "503");
  EXPECT_THAT(refused, HasSubstr("too many connections"));
  EXPECT_EQ(server_.requests(Path::kOther, Code::kUnavailable), 1U);
  ASSERT_TRUE(until_connections(0)) << "the slow ones are left";
  EXPECT_EQ(code_of(connect().get("/metrics")), "200");
}

TEST_F(HttpLimitsTest, AnIdleConnectionMakesRoomForANewOne) {
  std::list<Client> idle;
  for (int i = 0; i < 8; ++i) {
    idle.push_back(connect());
    idle.back().get("/-/healthy");
  }
  EXPECT_EQ(code_of(connect().get("/metrics")), "200");
  EXPECT_LE(server_.connections(), 8U);
}

TEST_F(HttpLimitsTest, FiveHundredSlowClientsAreBounded) {
  std::list<Client> slow;
  for (int i = 0; i < 500; ++i) {
    slow.push_back(connect());
    slow.back().send("GET / HT");
    agent_.loop.run_ready();
    ASSERT_LE(server_.connections(), 8U);
  }
  ASSERT_TRUE(until_connections(0));
  EXPECT_EQ(code_of(connect().get("/-/healthy")), "200");
}

TEST_F(HttpLimitsTest, AHugeUploadIsAnsweredAtOnceAndNotRead) {
  auto client = connect();
  client.send("POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 99000000\r\n\r\n" +
              std::string(100'000, 'x'));
  EXPECT_EQ(code_of(client.answer()), "405");
  EXPECT_TRUE(until_connections(0));
}

TEST_F(HttpLimitsTest, AGetWithABodyIsAnsweredAtOnce) {
  auto client = connect();
  client.send("GET /-/healthy HTTP/1.1\r\nHost: a\r\nContent-Length: 99000000\r\n\r\nxyz");
  EXPECT_EQ(code_of(client.answer()), "200");
  EXPECT_TRUE(until_connections(0));
}

TEST_F(HttpLimitsTest, GarbageIsClosed) {
  for (const std::string& garbage :
       {std::string("\0\1\2\3\r\n\r\n", 8), std::string("hello\r\n\r\n"),
        std::string("\r\n\r\n\r\n"),
        std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11), std::string(20'000, 'A'),
        std::string("GET\r\n\r\n"), std::string("GET / HTTP/9.9\r\n\r\n"),
        std::string("GET / HTTP/1.1\r\nContent-Length: -5\r\n\r\n"),
        std::string("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")}) {
    auto client = connect();
    client.send(garbage);
    client.until_closed();
  }
  EXPECT_TRUE(until_connections(0));
  EXPECT_EQ(code_of(connect().get("/-/healthy")), "200");
}

TEST_F(HttpLimitsTest, ARequestWithoutHostIsAnswered) {
  auto client = connect();
  client.send("GET /-/healthy HTTP/1.1\r\n\r\n");
  EXPECT_EQ(code_of(client.answer()), "200");
}

TEST_F(HttpLimitsTest, AClientThatGoesInMidAnswerLeavesNothing) {
  agent_.fill(50'000);
  auto client = connect(4096);
  client.send("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(test::run_until(agent_.loop, [&] {
    client.receive();
    return !client.received().empty();
  }));
  client.close();
  EXPECT_TRUE(until_connections(0));
}

/// So few descriptors that no more connections can be accepted, until it goes.
class FewDescriptors {
 public:
  explicit FewDescriptors(rlim_t most) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    rlimit few = before_;
    few.rlim_cur = most;
    ::setrlimit(RLIMIT_NOFILE, &few);
  }
  ~FewDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  FewDescriptors(const FewDescriptors&) = delete;
  FewDescriptors& operator=(const FewDescriptors&) = delete;

 private:
  rlimit before_{};
};

TEST_F(HttpLimitsTest, OutOfDescriptorsTheLoopRestsAndThenServes) {
  auto client = connect();
  {
    const FewDescriptors few(static_cast<rlim_t>(client.fd()) + 1);
    client.send("GET /-/healthy HTTP/1.1\r\nHost: a\r\n\r\n");
    const auto before = agent_.loop.stats().iterations;
    test::run_for(agent_.loop, milliseconds(300));
    EXPECT_LT(agent_.loop.stats().iterations - before, 20U);
    EXPECT_EQ(server_.connections(), 0U);
  }
  EXPECT_EQ(code_of(client.answer()), "200");
}

}  // namespace
}  // namespace lariat::expose
