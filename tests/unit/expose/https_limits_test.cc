// What a client over TLS, and all of them, may take.

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/expose/http_server.h"
#include "agent/net/socket_options.h"
#include "tests/support/certificates.h"
#include "tests/support/loop_driver.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/expose/exposed_agent.h"

namespace lariat::expose {
namespace {

using std::chrono::milliseconds;
using test::Client;
using test::code_of;
using testing::HasSubstr;

constexpr auto kRequest = "GET /-/healthy HTTP/1.1\r\nHost: a\r\n\r\n";

/// A client over TLS in the loop's own thread.
class TlsClient {
 public:
  TlsClient(loop::Loop& loop, net::TlsContext& context, std::uint16_t port, int receive_buffer = 0)
      : loop_(loop), readable_(loop, loop::CallbackKind::kRead, [this] { pump(); }) {
    auto socket = net::stream_socket(AF_INET);
    if (receive_buffer != 0) {
      ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    channel_ = std::move(*context.begin(std::move(socket), "127.0.0.1"));
    readable_.watch(channel_->fd());
    readable_.start();
    static_cast<void>(channel_->handshake());
  }

  bool until_shaken() {
    return test::run_until(loop_, [this] { return shaken_ || ended_; }) && shaken_;
  }
  void send(std::string_view text) {
    const iovec span{const_cast<char*>(text.data()), text.size()};
    EXPECT_EQ(channel_->send({&span, 1}).octets, text.size());
  }
  void read_no_more() { readable_.stop(); }
  /// One answer with a length.
  std::string answer() {
    EXPECT_TRUE(test::run_until(
        loop_, [this] { return ended_ || received_.find("\r\n\r\n") != std::string::npos; }));
    return std::exchange(received_, {});
  }
  std::string until_ended() {
    EXPECT_TRUE(test::run_until(loop_, [this] { return ended_; }));
    return received_;
  }
  [[nodiscard]] bool ended() const noexcept { return ended_; }
  [[nodiscard]] bool ended_cleanly() const noexcept { return cleanly_; }
  void end() {
    channel_->finish();
    close();
  }
  void close() {
    readable_.watch(-1);
    channel_.reset();
  }

 private:
  void pump() {
    if (!shaken_) {
      const auto step = channel_->handshake();
      shaken_ = step == net::TlsChannel::Step::kDone;
      if (step == net::TlsChannel::Step::kFailed) stop(false);
      return;
    }
    const auto got = channel_->recv(room_);
    received_.append(reinterpret_cast<const char*>(room_.data()), got.octets);
    if (got.end != net::Received::End::kNone) stop(got.end == net::Received::End::kClosed);
  }
  void stop(bool cleanly) {
    ended_ = true;
    cleanly_ = cleanly;
    readable_.stop();
  }

  loop::Loop& loop_;
  loop::IoWatcher readable_;
  std::unique_ptr<net::TlsChannel> channel_;
  std::vector<std::byte> room_ = std::vector<std::byte>(net::Channel::kLeastRoom);
  std::string received_;
  bool shaken_ = false;
  bool ended_ = false;
  bool cleanly_ = false;
};

/// Of much patience, so that a slow machine is none of the reasons.
constexpr HttpLimits kPatient{.connections = 8,
                              .request = std::chrono::seconds(60),
                              .answer = std::chrono::seconds(60),
                              .idle = std::chrono::seconds(60)};

class HttpsLimitsTest : public testing::Test {
 protected:
  void serve(const HttpLimits& limits = kPatient) {
    server_.emplace(agent_.loop, agent_.sources(), limits);
    const auto files = ca_.issue("server");
    server_->set_tls(std::make_shared<net::TlsContext>(
        net::TlsSide::kServer, net::TlsOptions{.certificate = files.certificate, .key = files.key},
        agent_.log, "http.tls"));
    const auto address = server_->listen("127.0.0.1", 0);
    ASSERT_TRUE(address) << address.error().text;
    port_ = test::port_of(*address);
  }
  TlsClient& connect(int receive_buffer = 0) {
    return clients_.emplace_back(agent_.loop, context_, port_, receive_buffer);
  }
  bool until_connections(std::size_t count) {
    return test::run_until(agent_.loop, [&] { return server_->connections() == count; });
  }

  test::TemporaryDirectory folder_;
  test::TestCa ca_{folder_.path(), "ca"};
  test::ExposedAgent agent_;
  std::optional<HttpServer> server_;
  net::TlsContext context_{net::TlsSide::kClient, {.ca = ca_.file()}, agent_.log, "client"};
  std::list<TlsClient> clients_;
  std::uint16_t port_ = 0;
};

TEST_F(HttpsLimitsTest, AnswersOneRequestAfterTheOther) {
  serve();
  auto& client = connect();
  ASSERT_TRUE(client.until_shaken());
  for (int i = 0; i < 3; ++i) {
    client.send(kRequest);
    EXPECT_EQ(code_of(client.answer()), "200");
  }
  EXPECT_EQ(server_->connections(), 1U);
  client.end();
  EXPECT_TRUE(until_connections(0));
}

TEST_F(HttpsLimitsTest, ALargeAnswerComesWholeToACleanEnd) {
  serve();
  constexpr std::size_t kSeries = 50'000;
  agent_.fill(kSeries);
  auto& client = connect();
  ASSERT_TRUE(client.until_shaken());
  client.send("GET /metrics?scope=host HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  const auto answer = client.until_ended();
  EXPECT_TRUE(client.ended_cleanly());
  const auto body = test::body_of(answer);
  EXPECT_EQ(std::count(body.begin(), body.end(), '\n'), kSeries + 1) << "and the line of its type";
  EXPECT_TRUE(until_connections(0));
}

TEST_F(HttpsLimitsTest, AClientThatSaysNothingIsLeftInTime) {
  serve({.request = milliseconds(100)});
  auto silent = Client::tcp(agent_.loop, port_);
  EXPECT_EQ(silent.until_closed(), "");
}

TEST_F(HttpsLimitsTest, AClientWithoutTlsGetsNoAnswerOfHttp) {
  serve();
  auto plain = Client::tcp(agent_.loop, port_);
  plain.send(kRequest);
  EXPECT_THAT(plain.until_closed(), testing::Not(HasSubstr("HTTP/")));
  auto& client = connect();
  ASSERT_TRUE(client.until_shaken());
  client.send(kRequest);
  EXPECT_EQ(code_of(client.answer()), "200");
}

TEST_F(HttpsLimitsTest, ThoseInTheirHandshakeCountAndTheRestIsTurnedAway) {
  serve();
  std::list<Client> silent;
  for (int i = 0; i < 20; ++i) silent.push_back(Client::tcp(agent_.loop, port_));
  const auto closed = [&] {
    return std::count_if(silent.begin(), silent.end(), [](Client& each) { return each.receive(); });
  };
  EXPECT_TRUE(test::run_until(agent_.loop, [&] { return closed() == 12; }));
  EXPECT_EQ(server_->requests(Path::kOther, Code::kUnavailable), 12U);
}

TEST_F(HttpsLimitsTest, AnIdleConnectionMakesRoomForANewOne) {
  serve();
  for (int i = 0; i < 9; ++i) {
    auto& client = connect();
    ASSERT_TRUE(client.until_shaken()) << i;
    client.send(kRequest);
    EXPECT_EQ(code_of(client.answer()), "200") << i;
  }
  EXPECT_TRUE(test::run_until(agent_.loop, [&] { return clients_.front().ended(); }));
  EXPECT_TRUE(clients_.front().ended_cleanly());
  EXPECT_EQ(server_->connections(), 8U);
}

TEST_F(HttpsLimitsTest, AClientThatNeverReadsIsLeftInTimeWithoutASpin) {
  serve({.connections = 8, .request = kPatient.request, .answer = milliseconds(300)});
  agent_.fill(100'000);
  auto& client = connect(4096);
  ASSERT_TRUE(client.until_shaken());
  client.send("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
  client.read_no_more();
  ASSERT_TRUE(until_connections(1));
  const auto before = agent_.loop.stats().iterations;
  ASSERT_TRUE(until_connections(0));
  // Nothing of it is left: eight of its kind would turn others away.
  test::run_for(agent_.loop, milliseconds(700));
  // Filling the buffers takes some hundred turns at most; a spin makes thousands.
  EXPECT_LT(agent_.loop.stats().iterations - before, 1'000U);
  for (int i = 0; i < 8; ++i) ASSERT_TRUE(connect().until_shaken());
  EXPECT_EQ(server_->requests(Path::kOther, Code::kUnavailable), 0U);
}

TEST_F(HttpsLimitsTest, AnIdleConnectionWakesNobody) {
  serve();
  auto& client = connect();
  ASSERT_TRUE(client.until_shaken());
  client.send(kRequest);
  EXPECT_EQ(code_of(client.answer()), "200");
  test::run_for(agent_.loop, milliseconds(20));
  const auto before = agent_.loop.stats();
  test::run_for(agent_.loop, milliseconds(200));
  EXPECT_LE(agent_.loop.stats().wakeups - before.wakeups, 1U) << "the clock of this test";
  EXPECT_EQ(agent_.loop.stats().wakeups_idle, before.wakeups_idle);
}

TEST_F(HttpsLimitsTest, ClosingEndsAllConnections) {
  serve();
  auto& client = connect();
  auto& other = connect();
  ASSERT_TRUE(client.until_shaken());
  ASSERT_TRUE(other.until_shaken());
  client.send(kRequest);
  client.answer();
  server_->close();
  client.until_ended();
  other.until_ended();
  EXPECT_EQ(server_->connections(), 0U);
}

}  // namespace
}  // namespace lariat::expose
