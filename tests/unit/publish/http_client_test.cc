#include "agent/publish/http_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>

#include "tests/support/fake_http_server.h"
#include "tests/support/loop_driver.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/net/fake_dns.h"
#include "tests/unit/net/loopback.h"

namespace lariat::publish {
namespace {

using std::chrono::milliseconds;
using test::HttpReply;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

std::size_t threads() {
  const std::filesystem::directory_iterator all("/proc/self/task");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

/// A client of a server that the test drives, and its last answer.
class HttpClientTest : public testing::Test {
 protected:
  HttpClientTest() { target_.port = server_.port(); }

  HttpClient& client() {
    if (!client_) {
      client_ = std::make_unique<HttpClient>(loop_, resolver_, target_,
                                             [this](HttpAnswer answer) { answer_ = answer; });
    }
    return *client_;
  }
  void begin(std::string_view body, const std::vector<std::string>& headers = {}) {
    body_ = body;
    answer_.reset();
    client().post(std::span(body_.data(), body_.size()), headers);
  }
  HttpAnswer post(std::string_view body, const std::vector<std::string>& headers = {}) {
    begin(body, headers);
    EXPECT_TRUE(test::run_until(loop_, [this] { return answer_.has_value(); }));
    return answer_.value_or(HttpAnswer{});
  }
  void answer_with(const HttpReply& reply) {
    server_.on_request = [reply](const test::HttpRequest&) { return reply; };
  }
  [[nodiscard]] const test::HttpRequest& last() const { return server_.requests().back(); }

  loop::Loop loop_;
  test::FakeDns dns_{loop_};
  net::Resolver resolver_{
      loop_,
      {.name_servers = dns_.text(), .resolv_conf = "/nonexistent", .timeout = milliseconds(100)}};
  test::FakeHttpServer server_{loop_};
  HttpTarget target_{.host = "127.0.0.1", .path = "/write?db=d"};
  std::string body_;
  std::optional<HttpAnswer> answer_;
  std::unique_ptr<HttpClient> client_;
};

TEST_F(HttpClientTest, PostsABodyAndTellsTheAnswer) {
  answer_with({.status = 400, .body = "out of order sample\nmore\n"});
  const auto answer = post("abc", {"Content-Type: application/x-protobuf"});
  EXPECT_EQ(answer.end, HttpEnd::kAnswered);
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.first_line, "out of order sample");
  EXPECT_EQ(last().method, "POST");
  EXPECT_EQ(last().target, "/write?db=d");
  EXPECT_EQ(last().body, "abc");
  EXPECT_EQ(last().headers.at("content-type"), "application/x-protobuf");
  EXPECT_THAT(last().headers.at("user-agent"), StartsWith("lariat/"));
  EXPECT_EQ(last().headers.count("expect"), 0U);
  EXPECT_EQ(client().peer(), "127.0.0.1:" + std::to_string(server_.port()));
}

TEST_F(HttpClientTest, AsksForNoLeaveToSendALargeBody) {
  const std::string large(3U << 20U, 'x');
  EXPECT_EQ(post(large).status, 204);
  EXPECT_EQ(last().headers.count("expect"), 0U);
  EXPECT_EQ(last().body, large);
}

TEST_F(HttpClientTest, KeepsItsConnection) {
  for (int i = 0; i < 20; ++i) ASSERT_EQ(post("abc").status, 204);
  EXPECT_EQ(server_.connections(), 1U);
  EXPECT_EQ(client().stats().connects, 1U);
  EXPECT_EQ(client().stats().requests, 20U);
  EXPECT_TRUE(client().kept());
}

TEST_F(HttpClientTest, CountsTheOctetsThatItSends) {
  ASSERT_EQ(post(std::string(100'000, 'x')).status, 204);
  ASSERT_EQ(post("abc").status, 204);
  EXPECT_EQ(client().stats().bytes_sent, server_.octets());
}

TEST_F(HttpClientTest, SleepsWithAConnectionThatIsKept) {
  ASSERT_EQ(post("abc").status, 204);
  const auto before = loop_.stats();
  test::run_for(loop_, milliseconds(1500));
  EXPECT_EQ(loop_.stats().wakeups - before.wakeups, 1U) << "the end of the test's own time";
  EXPECT_FALSE(client().write_watcher_active());
  EXPECT_EQ(client().write_watcher_starts(), client().write_watcher_stops());
  EXPECT_EQ(client().stats().write_wakeups_empty, 0U);
}

TEST_F(HttpClientTest, ConnectsAnewWhenTheServerHasClosed) {
  ASSERT_EQ(post("abc").status, 204);
  server_.close_connections();
  EXPECT_FALSE(client().kept());
  EXPECT_EQ(post("def").status, 204);
  EXPECT_EQ(last().body, "def");
  EXPECT_EQ(server_.connections(), 2U);
}

TEST_F(HttpClientTest, LooksNamesUpByOurResolverAndStartsNoThread) {
  dns_.set("agg.example", {.addresses = {"127.0.0.1"}});
  target_.host = "agg.example";
  const auto before = threads();
  std::size_t most = 0;
  server_.on_request = [&](const test::HttpRequest&) {
    most = std::max(most, threads());
    return HttpReply{};
  };
  EXPECT_EQ(post("abc").status, 204);
  EXPECT_EQ(last().headers.at("host"), "agg.example:" + std::to_string(server_.port()));
  EXPECT_GT(dns_.queries(), 0);
  EXPECT_EQ(most, before);
  EXPECT_EQ(threads(), before);
}

TEST_F(HttpClientTest, LooksUpAnewForANewConnection) {
  dns_.set("agg.example", {.addresses = {"127.0.0.1"}});
  target_.host = "agg.example";
  ASSERT_EQ(post("abc").status, 204);
  const auto asked = dns_.queries();
  ASSERT_EQ(post("abc").status, 204);
  EXPECT_EQ(dns_.queries(), asked) << "the connection is kept";
  server_.close_connections();
  test::FakeHttpServer other(loop_, "127.0.0.2", server_.port());
  dns_.set("agg.example", {.addresses = {"127.0.0.2"}});
  ASSERT_EQ(post("moved").status, 204);
  ASSERT_EQ(other.requests().size(), 1U);
  EXPECT_EQ(other.requests().back().body, "moved");
}

TEST_F(HttpClientTest, TriesAllAddressesOfBothFamilies) {
  if (!test::have_ipv6()) GTEST_SKIP() << "no IPv6 here";
  dns_.set("agg.example", {.addresses = {"127.0.0.3", "127.0.0.4", "::1"}});
  test::FakeHttpServer six(loop_, "::1");
  target_.host = "agg.example";
  target_.port = six.port();
  EXPECT_EQ(post("abc").status, 204);
  EXPECT_EQ(six.requests().size(), 1U);
  EXPECT_EQ(client().peer(), "[::1]:" + std::to_string(six.port()));
}

TEST_F(HttpClientTest, TellsWhyThereIsNoConnection) {
  server_.stop_listening();
  auto answer = post("abc");
  EXPECT_EQ(answer.end, HttpEnd::kNotConnected);
  EXPECT_EQ(answer.failure, net::ConnectFailure::kRefused);
  EXPECT_THAT(answer.detail, AllOf(HasSubstr("127.0.0.1"), HasSubstr("refused")));

  client_.reset();
  target_.host = "nowhere.example";
  answer = post("abc");
  EXPECT_EQ(answer.end, HttpEnd::kNotConnected);
  EXPECT_EQ(answer.failure, net::ConnectFailure::kResolve);
  EXPECT_THAT(answer.detail, HasSubstr("nowhere.example"));

  client_.reset();
  const test::BlackHole hole;
  target_.host = "127.0.0.1";
  target_.port = hole.port();
  target_.connect_timeout = milliseconds(50);
  answer = post("abc");
  EXPECT_EQ(answer.end, HttpEnd::kNotConnected);
  EXPECT_EQ(answer.failure, net::ConnectFailure::kTimeout);
  EXPECT_THAT(answer.detail, HasSubstr("50ms"));
}

TEST_F(HttpClientTest, GivesAServerThatNeverAnswersItsTime) {
  target_.timeout = milliseconds(50);
  target_.connect_timeout = milliseconds(50);
  answer_with({.then = HttpReply::Then::kHold});
  const auto answer = post("abc");
  EXPECT_EQ(answer.end, HttpEnd::kTimedOut);
  EXPECT_THAT(answer.detail, HasSubstr("has not answered"));
  EXPECT_FALSE(client().kept());
  answer_with({});
  EXPECT_EQ(post("abc").status, 204);
}

TEST_F(HttpClientTest, AConnectionThatWasKeptIsOneThoughNoAnswerComes) {
  target_.timeout = milliseconds(50);
  target_.connect_timeout = milliseconds(50);
  ASSERT_EQ(post("abc").status, 204);
  answer_with({.then = HttpReply::Then::kHold});
  EXPECT_EQ(post("def").end, HttpEnd::kTimedOut);
  EXPECT_EQ(server_.connections(), 1U);
}

TEST_F(HttpClientTest, TellsACloseInTheMiddle) {
  answer_with({.status = 200, .body = "twenty octets or so", .then = HttpReply::Then::kCloseHalf});
  const auto half = post("abc");
  EXPECT_EQ(half.end, HttpEnd::kAnswered) << "the status was whole";
  EXPECT_EQ(half.status, 200);
  answer_with({.then = HttpReply::Then::kReset});
  const auto answer = post("abc");
  EXPECT_THAT(answer.end, testing::AnyOf(HttpEnd::kBroken, HttpEnd::kClosed));
  EXPECT_EQ(answer.status, 0);
  answer_with({});
  EXPECT_EQ(post("abc").status, 204);
}

TEST_F(HttpClientTest, KeepsLittleOfAHugeAnswer) {
  answer_with({.status = 500, .body = std::string(1U << 20U, '\xff')});
  const auto answer = post("abc");
  EXPECT_EQ(answer.end, HttpEnd::kAnswered);
  EXPECT_EQ(answer.status, 500);
  EXPECT_EQ(answer.first_line, std::string(512, '?'));
}

TEST_F(HttpClientTest, SurvivesHeadersWithoutEnd) {
  std::vector<std::string> headers;
  for (int i = 0; i < 100; ++i) headers.push_back("X-H: " + std::string(1000, 'h'));
  answer_with({.status = 503, .headers = headers});
  EXPECT_NE(post("abc").status, 204);
  answer_with({});
  EXPECT_EQ(post("abc").status, 204);
}

TEST_F(HttpClientTest, FollowsNoRedirect) {
  answer_with({.status = 307, .headers = {"Location: http://elsewhere.example/write"}});
  const auto answer = post("abc");
  EXPECT_EQ(answer.status, 307);
  EXPECT_EQ(answer.location, "http://elsewhere.example/write");
  EXPECT_EQ(server_.requests().size(), 1U);
}

TEST_F(HttpClientTest, HasRetryAfterAsItCame) {
  answer_with({.status = 429, .headers = {"Retry-After:  120 "}});
  EXPECT_EQ(post("abc").retry_after, "120");
  answer_with({.status = 429});
  EXPECT_THAT(post("abc").retry_after, IsEmpty()) << "of this answer, not of the last";
}

TEST_F(HttpClientTest, SendsWhatTheUserSays) {
  target_.headers = {"X-Scope-OrgID: tenant", "Content-Type: text/plain"};
  target_.credentials.bearer_token = "secret";
  ASSERT_EQ(post("abc", {"Content-Type: application/x-protobuf"}).status, 204);
  EXPECT_EQ(last().headers.at("x-scope-orgid"), "tenant");
  EXPECT_EQ(last().headers.at("authorization"), "Bearer secret");
  EXPECT_EQ(last().headers.at("content-type"), "application/x-protobuf") << "ours wins";
  EXPECT_THAT(last().head, Not(HasSubstr("text/plain")));
}

TEST_F(HttpClientTest, AuthenticatesWithNameAndPassword) {
  target_.credentials.username = "user";
  target_.credentials.password = "pass word";
  ASSERT_EQ(post("abc").status, 204);
  EXPECT_EQ(last().headers.at("authorization"), "Basic dXNlcjpwYXNzIHdvcmQ=");
}

TEST_F(HttpClientTest, GoesByAProxyOnlyIfToldSo) {
  test::FakeHttpServer proxy(loop_);
  const auto url = "http://127.0.0.1:" + std::to_string(proxy.port());
  for (const auto* name : {"http_proxy", "HTTP_PROXY", "all_proxy"}) {
    ::setenv(name, url.c_str(), 1);  // NOLINT(concurrency-mt-unsafe)
  }
  ASSERT_EQ(post("abc").status, 204);
  EXPECT_EQ(proxy.requests().size(), 0U);

  for (const auto* name : {"no_proxy", "NO_PROXY"}) {
    ::setenv(name, "*", 1);  // NOLINT(concurrency-mt-unsafe)
  }
  client_.reset();
  target_.host = "behind.example";
  target_.proxy = url;
  ASSERT_EQ(post("abc").status, 204);
  ASSERT_EQ(proxy.requests().size(), 1U);
  EXPECT_THAT(proxy.requests().back().target, StartsWith("http://behind.example:"));
  EXPECT_EQ(dns_.queries(), 0) << "that name is the proxy's to look up";
}

TEST_F(HttpClientTest, RefusesAKeyThatOthersMayRead) {
  const test::TemporaryDirectory folder;
  const auto key = (std::filesystem::path(folder.path()) / "key.pem").string();
  std::ofstream(key) << "not read at all";
  ::chmod(key.c_str(), 0644);
  target_.secure = true;
  target_.tls.key = key;
  const auto answer = post("abc");
  EXPECT_EQ(answer.end, HttpEnd::kNotConnected);
  EXPECT_EQ(answer.failure, net::ConnectFailure::kTls);
  EXPECT_THAT(answer.detail, AllOf(HasSubstr(key), HasSubstr("chmod")));
}

TEST_F(HttpClientTest, AServerWithoutTlsIsAFailureOfTls) {
  target_.secure = true;
  const auto answer = post("abc");
  EXPECT_EQ(answer.end, HttpEnd::kNotConnected);
  EXPECT_EQ(answer.failure, net::ConnectFailure::kTls) << answer.detail;
}

TEST_F(HttpClientTest, ARequestThatIsCancelledIsNotAnswered) {
  answer_with({.then = HttpReply::Then::kHold});
  begin("abc");
  ASSERT_TRUE(test::run_until(loop_, [this] { return server_.requests().size() == 1; }));
  client().cancel();
  server_.release();
  test::run_for(loop_, milliseconds(20));
  EXPECT_FALSE(answer_);
  answer_with({});
  EXPECT_EQ(post("def").status, 204);
}

TEST_F(HttpClientTest, ACallbackMayDestroyTheClient) {
  bool told = false;
  auto mine = std::make_unique<HttpClient>(loop_, resolver_, target_, [&](const HttpAnswer&) {
    told = true;
    client_.reset();
  });
  auto* raw = mine.get();
  client_ = std::move(mine);
  raw->post(std::span("abc", 3), {});
  EXPECT_TRUE(test::run_until(loop_, [&] { return told; }));
  EXPECT_EQ(client_, nullptr);
}

TEST_F(HttpClientTest, AChildLetsGoWithoutAWord) {
  ASSERT_EQ(post("abc").status, 204);
  client().abandon();
  EXPECT_FALSE(client().active());
  EXPECT_FALSE(client().kept());
}

}  // namespace
}  // namespace lariat::publish
