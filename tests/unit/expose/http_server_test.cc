#include "agent/expose/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <string>

#include "tests/support/loop_driver.h"
#include "tests/support/metrics_text.h"
#include "tests/unit/expose/exposed_agent.h"
#include "tests/unit/expose/frame_of.h"

namespace lariat::expose {
namespace {

using std::chrono::milliseconds;
using test::body_of;
using test::Client;
using test::code_of;
using testing::HasSubstr;
using testing::Not;

/// A server on a free port, and clients in the same loop.
class HttpServerTest : public testing::Test {
 protected:
  void SetUp() override { port_ = test::port_of(listen("127.0.0.1", 0)); }

  std::string listen(const std::string& host, std::uint16_t port) {
    const auto address = server_.listen(host, port);
    if (!address) throw std::runtime_error(address.error().text);
    return *address;
  }
  Client connect() { return Client::tcp(agent_.loop, port_); }
  std::string get(std::string_view path) { return connect().get(path); }

  test::ExposedAgent agent_;
  HttpServer server_{agent_.loop, agent_.sources()};
  std::uint16_t port_ = 0;
};

TEST_F(HttpServerTest, ServesMetricsOfAgentAndHost) {
  agent_.fill(2);
  const auto answer = get("/metrics");
  EXPECT_EQ(code_of(answer), "200");
  EXPECT_THAT(answer, HasSubstr("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
  EXPECT_EQ(body_of(answer),
            "# TYPE lariat_build_info gauge\nlariat_build_info 1\n"
            "# TYPE host_value_of_something gauge\n"
            "host_value_of_something{series=\"100000\"} 0\n"
            "host_value_of_something{series=\"100001\"} 1\n");
}

TEST_F(HttpServerTest, ServesEachScopeAlone) {
  agent_.fill(1);
  EXPECT_EQ(body_of(get("/metrics?scope=agent")), agent_.agent_text);
  EXPECT_THAT(body_of(get("/metrics?scope=host")), Not(HasSubstr("lariat_")));
  EXPECT_THAT(body_of(get("/metrics?x=1&scope=host")), Not(HasSubstr("lariat_")));
  EXPECT_EQ(code_of(get("/metrics?scope=all")), "400");
  EXPECT_EQ(code_of(get("/metrics?scope")), "400");
  EXPECT_EQ(code_of(get("/metrics?scope=%00agent")), "400");
}

TEST_F(HttpServerTest, AnAnswerWithoutALineIsWhole) {
  EXPECT_EQ(code_of(get("/metrics?scope=host")), "200");
  EXPECT_EQ(body_of(get("/metrics?scope=host")), "");
}

TEST_F(HttpServerTest, ServesALargeScrapeWholeAndInBoundedTurns) {
  constexpr std::size_t kSeries = 20'000;
  agent_.fill(kSeries);
  const auto before = agent_.loop.stats();
  const test::MetricsText metrics(body_of(get("/metrics?scope=host")));
  for (std::size_t i = 0; i < kSeries; i += 997) {
    EXPECT_EQ(metrics.value("host_value_of_something", {{"series", std::to_string(100'000 + i)}}),
              static_cast<double>(i));
  }
  EXPECT_GT(agent_.loop.stats().iterations - before.iterations, 5U)
      << "other work had no turn meanwhile";
}

TEST_F(HttpServerTest, AFewSeriesComeWithTheirLengthAndManyInChunks) {
  agent_.fill(10);
  const auto few = get("/metrics?scope=host");
  EXPECT_THAT(few, HasSubstr("Content-Length: " + std::to_string(body_of(few).size())));
  EXPECT_THAT(few, Not(HasSubstr("Transfer-Encoding")));
  const test::MetricsText metrics(body_of(few));
  EXPECT_EQ(metrics.value("host_value_of_something", {{"series", "100009"}}), 9.0);

  agent_.fill(20'000);
  EXPECT_THAT(get("/metrics?scope=host"), HasSubstr("Transfer-Encoding: chunked"));
}

TEST_F(HttpServerTest, HeadHasTheFieldsAndNoBody) {
  agent_.fill(1);
  auto client = connect();
  for (const auto* path : {"/metrics", "/status", "/", "/-/healthy", "/nowhere"}) {
    client.send("HEAD " + std::string(path) + " HTTP/1.1\r\nHost: test\r\n\r\n");
    EXPECT_THAT(client.answer(true), HasSubstr("Content-Type: ")) << path;
    EXPECT_EQ(client.received(), "") << path;
  }
  EXPECT_EQ(code_of(client.get("/-/healthy")), "200") << "the connection is still in step";
}

TEST_F(HttpServerTest, OneConnectionTakesManyRequests) {
  auto client = connect();
  for (int i = 0; i < 50; ++i) EXPECT_EQ(code_of(client.get("/metrics")), "200");
  EXPECT_EQ(server_.connections(), 1U);
  EXPECT_EQ(server_.requests(Path::kMetrics, Code::kOk), 50U);
}

TEST_F(HttpServerTest, AnswersPipelinedRequestsInOrder) {
  auto client = connect();
  client.send(
      "GET /-/healthy HTTP/1.1\r\nHost: a\r\n\r\nGET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n"
      "GET /metrics?scope=agent HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(body_of(client.answer()), "the loop turns\n");
  EXPECT_EQ(code_of(client.answer()), "404");
  EXPECT_EQ(body_of(client.answer()), agent_.agent_text);
}

TEST_F(HttpServerTest, AClientThatEndsWithItsRequestIsAnsweredAndLeft) {
  for (const std::string_view more :
       {"", "GET /status HTTP/1.1\r\nHost: test\r\n\r\n", "GET /st"}) {
    auto client = connect();
    client.send("GET /-/healthy HTTP/1.1\r\nHost: test\r\n\r\n");
    client.send(more);
    client.end_sending();
    const auto answers = client.until_closed();
    EXPECT_EQ(code_of(answers), "200") << more;
    EXPECT_EQ(answers.find("application/json") != std::string::npos, more.ends_with("\n"));
  }
  EXPECT_EQ(server_.connections(), 0U);
}

TEST_F(HttpServerTest, AClientThatGoesInItsRequestLeavesNoConnection) {
  auto client = connect();
  client.send("GET /-/heal");
  agent_.loop.run_ready();
  client.send("thy");
  client.close();
  EXPECT_TRUE(test::run_until(agent_.loop, [&] { return server_.connections() == 0; }));
}

TEST_F(HttpServerTest, AnOldClientGetsItsMetricsToTheEndOfTheConnection) {
  agent_.fill(1000);
  auto client = connect();
  client.send("GET /metrics?scope=host HTTP/1.0\r\n\r\n");
  const auto answer = client.until_closed();
  EXPECT_EQ(code_of(answer), "200");
  EXPECT_THAT(answer, HasSubstr("host_value_of_something{series=\"100999\"} 999\n"));
}

TEST_F(HttpServerTest, ThePageForbidsWhatItDoesNotNeed) {
  const auto answer = get("/");
  EXPECT_THAT(answer, HasSubstr("Content-Security-Policy: default-src 'none'"));
  EXPECT_THAT(answer, HasSubstr("X-Content-Type-Options: nosniff"));
  EXPECT_THAT(answer, HasSubstr("X-Frame-Options: DENY"));
  EXPECT_THAT(answer, HasSubstr("Cache-Control: no-store"));
}

TEST_F(HttpServerTest, ReadyTellsWhyNot) {
  EXPECT_EQ(code_of(get("/-/ready")), "200");
  agent_.not_ready = "collector linux has not run yet";
  const auto answer = get("/-/ready");
  EXPECT_EQ(code_of(answer), "503");
  EXPECT_THAT(answer, HasSubstr("collector linux has not run yet"));
}

TEST_F(HttpServerTest, OtherMethodsAreRefusedWithWhatIsAllowed) {
  for (const auto* method : {"POST", "PUT", "DELETE", "OPTIONS", "PATCH", "BREW", "get"}) {
    auto client = connect();
    client.send(std::string(method) + " /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
    const auto answer = client.answer();
    EXPECT_EQ(code_of(answer), "405") << method;
    EXPECT_THAT(answer, HasSubstr("Allow: GET, HEAD\r\n")) << method;
  }
}

TEST_F(HttpServerTest, WhoExpectsToSendABodyIsAnsweredWithoutIt) {
  auto client = connect();
  client.send(
      "GET /-/healthy HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\n\r\n"
      "GET /-/healthy HTTP/1.1\r\nHost: test\r\n\r\n");
  const auto answer = client.until_closed();
  EXPECT_EQ(code_of(answer), "200");
  EXPECT_THAT(answer, HasSubstr("Connection: close"));
}

TEST_F(HttpServerTest, CountsRequestsByPathAndCodeFromAClosedSet) {
  get("/");
  get("/status");
  get("/nowhere");
  get("/else");
  get("/metrics?scope=x");
  EXPECT_EQ(server_.requests(Path::kPage, Code::kOk), 1U);
  EXPECT_EQ(server_.requests(Path::kStatus, Code::kOk), 1U);
  EXPECT_EQ(server_.requests(Path::kOther, Code::kNotFound), 2U);
  EXPECT_EQ(server_.requests(Path::kMetrics, Code::kBadRequest), 1U);
}

TEST_F(HttpServerTest, NothingWakesWhileConnectionsAreIdle) {
  auto client = connect();
  client.get("/metrics");
  agent_.loop.run_ready();
  const auto before = agent_.loop.stats().wakeups;
  test::run_for(agent_.loop, milliseconds(400));
  EXPECT_EQ(agent_.loop.stats().wakeups - before, 1U) << "the test's own timer is the one";
  EXPECT_FALSE(client.receive());
}

TEST_F(HttpServerTest, MovesToAnotherAddressAndKeepsConnections) {
  auto client = connect();
  client.get("/-/healthy");
  const auto old_port = port_;
  port_ = test::port_of(listen("127.0.0.1", 0));
  EXPECT_NE(port_, old_port);
  EXPECT_EQ(code_of(get("/-/healthy")), "200");
  EXPECT_EQ(code_of(client.get("/-/healthy")), "200");
  EXPECT_THROW(Client::tcp(agent_.loop, old_port), std::system_error);
}

TEST_F(HttpServerTest, TakesTheSamePortOnAllAddresses) {
  const auto address = listen("0.0.0.0", port_);
  EXPECT_EQ(address, "0.0.0.0:" + std::to_string(port_));
  EXPECT_EQ(code_of(get("/-/healthy")), "200");
  EXPECT_EQ(listen("0.0.0.0", port_), address) << "no change is no error";
}

TEST_F(HttpServerTest, AnAddressInUseIsSaidAndTheOldOneServesOn) {
  HttpServer other(agent_.loop, agent_.sources());
  const auto taken = other.listen("127.0.0.1", 0);
  const auto refused = server_.listen("127.0.0.1", test::port_of(*taken));
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().text, HasSubstr(*taken));
  EXPECT_THAT(refused.error().text, HasSubstr("Address already in use"));
  EXPECT_THAT(refused.error().text, HasSubstr("http.listen"));
  EXPECT_EQ(code_of(get("/-/healthy")), "200");
}

TEST_F(HttpServerTest, CloseEndsWhatIsOpen) {
  auto client = connect();
  client.get("/-/healthy");
  auto other = connect();
  server_.close();
  EXPECT_TRUE(client.receive());
  EXPECT_EQ(server_.connections(), 0U);
  port_ = test::port_of(listen("127.0.0.1", 0));
  EXPECT_EQ(code_of(get("/-/healthy")), "200") << "it can begin again";
}

}  // namespace
}  // namespace lariat::expose
