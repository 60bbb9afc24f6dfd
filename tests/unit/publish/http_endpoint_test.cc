#include "agent/publish/http_endpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "tests/unit/publish/http_fixture.h"

namespace lariat::publish {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST_F(HttpEndpointTest, SendsABatchAsRemoteWriteHasIt) {
  endpoint();
  publish(7, kTime, 0.5);
  ASSERT_TRUE(until_settled());
  ASSERT_EQ(server_.requests().size(), 1U);
  const auto& request = server_.requests().front();
  EXPECT_EQ(request.target, "/api/v1/write");
  EXPECT_EQ(request.headers.at("content-encoding"), "snappy");
  EXPECT_EQ(request.headers.at("content-type"), "application/x-protobuf");
  EXPECT_EQ(request.headers.at("x-prometheus-remote-write-version"), "0.1.0");
  const auto body = test::read_write_request(request.body);
  ASSERT_EQ(body.samples.size(), 1U);
  EXPECT_EQ(body.samples[0].series, R"(bench{instance="web1",job="lariat",series="7"})");
  EXPECT_EQ(body.samples[0].value, 0.5);
  EXPECT_EQ(body.samples[0].milliseconds, kTime * 1000);
  ASSERT_EQ(body.metadata.size(), 1U);
  EXPECT_EQ(body.metadata[0].family, "bench");
  expect_delivered(1);
  EXPECT_EQ(endpoint().state(), EndpointState::kConnected);
}

TEST_F(HttpEndpointTest, SendsLinesToInfluxWithTheSecondAsPrecision) {
  use_influx();
  endpoint();
  publish(7, kTime, 0.5);
  ASSERT_TRUE(until_settled());
  EXPECT_EQ(server_.requests().back().target, "/write?db=d&precision=s");
  EXPECT_EQ(server_.requests().back().body, "bench,series=7 value=0.5 1700000000\n");
}

TEST_F(HttpEndpointTest, WithNothingToSendItSeesWhetherTheServerIsThere) {
  endpoint();
  ASSERT_TRUE(until([this] { return endpoint().connected(); }));
  ASSERT_EQ(server_.requests().size(), 1U);
  EXPECT_TRUE(test::read_write_request(server_.requests().front().body).samples.empty());
  EXPECT_EQ(endpoint().state(), EndpointState::kConnected);
  test::run_for(loop_, milliseconds(50));
  EXPECT_EQ(server_.requests().size(), 1U) << "once";
  publish_many(5);
  ASSERT_TRUE(until_settled());
  expect_delivered(5);
}

TEST_F(HttpEndpointTest, TellsWhatIsWrongWithTheUrlBeforeThereIsAnythingToSend) {
  answer_with({.status = 401});
  endpoint();
  ASSERT_TRUE(until([this] { return endpoint().state() == EndpointState::kWaiting; }));
  EXPECT_THAT(endpoint().last_error(), HasSubstr("bearer_token"));
  answer_with({});
  publish_many(5);
  ASSERT_TRUE(until_settled());
  expect_delivered(5);
  EXPECT_THAT(endpoint().last_error(), IsEmpty());
}

TEST_F(HttpEndpointTest, AServerThatIsBusyAtFirstSaysForHowLong) {
  answer_with({.status = 429, .headers = {"Retry-After: 120"}});
  endpoint();
  ASSERT_TRUE(until([this] { return endpoint().state() == EndpointState::kWaiting; }));
  EXPECT_EQ(endpoint().rest(), seconds(120));
}

TEST_F(HttpEndpointTest, FindsAServerThatComesLaterWithNothingToSend) {
  const auto port = server_.port();
  server_.stop_listening();
  endpoint();
  ASSERT_TRUE(until([this] { return endpoint().stats().connect_failures[1] >= 2; }));
  const test::FakeHttpServer again(loop_, "127.0.0.1", port);
  EXPECT_TRUE(until([this] { return endpoint().connected(); }));
}

TEST_F(HttpEndpointTest, ABatchGoesWhenItIsFullOrOld) {
  config_.output.batch = {.samples = 100, .age = seconds(3600)};
  endpoint();
  publish_many(250);
  ASSERT_TRUE(until([this] { return endpoint().ledger().delivered == 200; }));
  EXPECT_EQ(server_.requests().size(), 2U);
  EXPECT_EQ(endpoint().ledger().queued, 50U) << "they wait for more";
  publish_many(50, kTime + 1);
  ASSERT_TRUE(until_settled());
  EXPECT_EQ(server_.requests().size(), 3U);
  EXPECT_EQ(server_.connections(), 1U);
}

TEST_F(HttpEndpointTest, ABatchIsBoundedInOctets) {
  config_.output.batch = {.samples = 100'000, .age = milliseconds(5), .bytes = 20'000};
  endpoint();
  publish_many(2'000);
  ASSERT_TRUE(until_settled());
  EXPECT_GE(server_.requests().size(), 5U);
  expect_delivered(2'000);
}

TEST_F(HttpEndpointTest, WhoWaitsForDeliveryWaitsForNoBatch) {
  config_.output.batch.age = seconds(3600);
  endpoint();
  publish_many(3);
  bool all = false;
  publisher_.flush(seconds(60), [&](bool done) { all = done; });
  ASSERT_TRUE(until([&] { return all; }));
  expect_delivered(3);
}

TEST_F(HttpEndpointTest, DeliveredIsWhatTheServerHasAnsweredFor) {
  answer_with({.then = HttpReply::Then::kHold});
  endpoint();
  publish_many(10);
  ASSERT_TRUE(until_requests(1));
  auto ledger = endpoint().ledger();
  EXPECT_EQ(ledger.delivered, 0U);
  EXPECT_EQ(ledger.queued, 10U);
  EXPECT_GT(ledger.bytes_in_flight, 0U);
  EXPECT_FALSE(endpoint().connected()) << "nothing was answered yet";
  server_.on_request = nullptr;
  server_.release();
  ASSERT_TRUE(until_settled());
  EXPECT_TRUE(endpoint().connected());
  expect_delivered(10);
}

TEST_F(HttpEndpointTest, NothingWakesItWhenAllIsDelivered) {
  endpoint();
  publish_many(10);
  ASSERT_TRUE(until_settled());
  test::run_for(loop_, milliseconds(50));
  const auto before = loop_.stats();
  test::run_for(loop_, milliseconds(1'500));
  EXPECT_LE(loop_.stats().wakeups - before.wakeups, 1U) << "the end of the test's own time";
  EXPECT_EQ(endpoint().stats().write_wakeups_empty, 0U);
  EXPECT_FALSE(endpoint().write_watcher().active);
}

TEST_F(HttpEndpointTest, SendsTheSameBodyAgainAndAddsNoTotalTwice) {
  int left = 3;
  server_.on_request = [&](const test::HttpRequest&) -> HttpReply {
    return {.status = left-- > 0 ? 503 : 204};
  };
  endpoint();
  tally(5, kTime);
  tally(2, kTime + 1);
  ASSERT_TRUE(until_settled());
  ASSERT_EQ(server_.requests().size(), 4U);
  for (const auto& request : server_.requests()) {
    EXPECT_EQ(request.body, server_.requests().front().body);
  }
  EXPECT_THAT(values_in(server_.requests().back()), ElementsAre(5, 7));
  tally(1, kTime + 2);
  ASSERT_TRUE(until_settled());
  EXPECT_THAT(values_in(server_.requests().back()), ElementsAre(8));
  expect_delivered(3);
}

TEST_F(HttpEndpointTest, TellsAServerThatIsBusyOnce) {
  int left = 20;
  server_.on_request = [&](const test::HttpRequest&) -> HttpReply {
    return {.status = left-- > 0 ? 503 : 204, .body = "no space left"};
  };
  endpoint();
  publish_many(1);
  ASSERT_TRUE(until_settled());
  const auto told = std::count_if(lines_.begin(), lines_.end(), [](const std::string& line) {
    return line.find("no space left") != std::string::npos;
  });
  EXPECT_EQ(told, 1);
  EXPECT_THAT(lines_.back(), HasSubstr("takes data"));
  EXPECT_THAT(endpoint().last_error(), IsEmpty());
}

TEST_F(HttpEndpointTest, LeavesAServerAloneForAsLongAsItSays) {
  answer_with({.status = 429, .headers = {"Retry-After: 120"}});
  endpoint();
  publish_many(1);
  ASSERT_TRUE(until([this] { return endpoint().state() == EndpointState::kWaiting; }));
  EXPECT_EQ(endpoint().rest(), seconds(120));
  EXPECT_TRUE(endpoint().connected());
  EXPECT_THAT(endpoint().last_error(), HasSubstr("429"));
  answer_with({});
  endpoint().hurry();
  ASSERT_TRUE(until_settled());
  expect_delivered(1);
}

TEST_F(HttpEndpointTest, ReadsTheDateOfRetryAfter) {
  answer_with({.status = 503, .headers = {"Retry-After: Sun, 06 Nov 2044 08:00:00 GMT"}});
  endpoint();
  publish_many(1);
  ASSERT_TRUE(until([this] { return endpoint().state() == EndpointState::kWaiting; }));
  EXPECT_EQ(endpoint().rest(), seconds(3600)) << "an hour at most";
}

TEST_F(HttpEndpointTest, KeepsAllForAPersonToMendTheUrl) {
  for (const int status : {301, 401, 403, 404}) {
    answer_with({.status = status, .headers = {"Location: http://b/"}, .body = "who are you"});
    endpoint();
    publish(1, kTime + status, 1);
    ASSERT_TRUE(until([this, status] {
      return endpoint().last_error().find(std::to_string(status)) != std::string::npos;
    }));
    EXPECT_EQ(endpoint().rest(), config_.back_off_max);
    EXPECT_EQ(endpoint().ledger().dropped_total(), 0U);
  }
  answer_with({});
  ASSERT_TRUE(until_settled());
  expect_delivered(4);
}

TEST_F(HttpEndpointTest, FindsTheSamplesThatAreRefusedAndKeepsTheOthers) {
  refuse_values({3, 700, 1999}, 400);
  endpoint();
  publish_many(2'000);
  ASSERT_TRUE(until_settled());
  EXPECT_EQ(dropped(DropReason::kRejected), 3U);
  EXPECT_EQ(endpoint().ledger().delivered, 1'997U);
  EXPECT_EQ(stored_.size(), 1'997U);
  EXPECT_TRUE(std::is_sorted(stored_.begin(), stored_.end()));
  EXPECT_LE(server_.requests().size(), 1 + 3 * 2 * 11U);
  ASSERT_EQ(endpoint().rejected().size(), 3U);
  const auto& first = endpoint().rejected().front();
  EXPECT_EQ(first.name, R"(bench{instance="web1",job="lariat",series="3"})");
  EXPECT_EQ(first.value, 3);
  EXPECT_EQ(first.seconds, kTime);
  EXPECT_EQ(first.why, "400: out of order sample");
  EXPECT_THAT(lines_, Contains(AllOf(HasSubstr("refused"), HasSubstr("out of order sample"))));
}

TEST_F(HttpEndpointTest, KeepsTheLastSixteenThatWereRefused) {
  answer_with({.status = 422, .body = "no"});
  endpoint();
  publish_many(40);
  ASSERT_TRUE(until_settled());
  EXPECT_EQ(dropped(DropReason::kRejected), 40U);
  ASSERT_EQ(endpoint().rejected().size(), 16U);
  EXPECT_THAT(endpoint().rejected().back().name, HasSubstr("samples from"));
}

TEST_F(HttpEndpointTest, PausesWhenAllOfABatchIsRefused) {
  config_.output.batch = {.samples = 2, .age = seconds(3600)};
  config_.back_off_min = config_.back_off_max = seconds(3600);
  answer_with({.status = 400, .body = "no"});
  endpoint();
  publish_many(4);
  ASSERT_TRUE(until([this] { return dropped(DropReason::kRejected) == 2; }));
  EXPECT_EQ(endpoint().state(), EndpointState::kWaiting);
  EXPECT_EQ(server_.requests().size(), 3U);
  answer_with({});
  ASSERT_TRUE(until([this] {
    endpoint().hurry();
    return endpoint().ledger().delivered == 2;
  }));
}

TEST_F(HttpEndpointTest, SendsLessAtOnceToAServerThatWantsLess) {
  server_.on_request = [this](const test::HttpRequest& request) -> HttpReply {
    return {.status = values_in(request).size() > 100 ? 413 : 204};
  };
  endpoint();
  publish_many(1'000);
  ASSERT_TRUE(until_settled());
  expect_delivered(1'000);
  EXPECT_EQ(dropped(DropReason::kRejected), 0U);
}

TEST_F(HttpEndpointTest, RemembersHowMuchAtOnceAServerWants) {
  constexpr std::size_t kMost = 40'000;
  unsigned refused = 0;
  server_.on_request = [this, &refused](const test::HttpRequest& request) -> HttpReply {
    if (values_in(request).size() <= 500) return {};
    ++refused;
    return {.status = 413};
  };
  endpoint();
  publish_many(kMost);
  ASSERT_TRUE(until_settled());
  expect_delivered(kMost);
  // Of 80 requests at least: 2,000 samples, 1,000, and what is still a little too much.
  EXPECT_LE(refused, 8U);
}

TEST_F(HttpEndpointTest, KnowsThatInfluxHasStoredTheRest) {
  use_influx();
  answer_with({.status = 400,
               .body = R"({"error":"partial write: type conflict )" + std::string(600, 'x') +
                       R"( dropped=2"})"});
  endpoint();
  publish_many(10);
  ASSERT_TRUE(until_settled());
  EXPECT_EQ(server_.requests().size(), 1U);
  EXPECT_EQ(dropped(DropReason::kRejected), 2U);
  EXPECT_EQ(endpoint().ledger().delivered, 8U);
  EXPECT_THAT(endpoint().rejected().front().why, HasSubstr("type conflict"));
}

TEST_F(HttpEndpointTest, LeavesOutWhatTheFormatCannotExpress) {
  config_.output.labels = {};
  endpoint();
  publish(1, std::numeric_limits<std::int64_t>::max(), 1);
  publish(2, kTime, 2);
  ASSERT_TRUE(until_settled());
  EXPECT_EQ(dropped(DropReason::kUnsupported), 1U);
  EXPECT_EQ(endpoint().ledger().delivered, 1U);
  EXPECT_THAT(lines_, Contains(HasSubstr("series=1")));
}

TEST_F(HttpEndpointTest, ABatchOfWhatCannotBeExpressedIsNoRequest) {
  endpoint();
  for (int i = 0; i < 3; ++i) publish(1, std::numeric_limits<std::int64_t>::max(), 1);
  ASSERT_TRUE(until_settled());
  EXPECT_EQ(server_.requests().size(), 0U);
  EXPECT_EQ(dropped(DropReason::kUnsupported), 3U);
}

TEST_F(HttpEndpointTest, ComesBackWhenTheServerDoes) {
  const auto port = server_.port();
  server_.stop_listening();
  endpoint();
  publish_many(10);
  ASSERT_TRUE(until([this] { return endpoint().stats().connect_failures[1] >= 3; }));
  EXPECT_FALSE(endpoint().connected());
  EXPECT_EQ(endpoint().ledger().queued, 10U);
  const test::FakeHttpServer again(loop_, "127.0.0.1", port);
  ASSERT_TRUE(until_settled());
  expect_delivered(10);
  EXPECT_EQ(again.requests().size(), 1U);
  EXPECT_TRUE(endpoint().connected());
}

TEST_F(HttpEndpointTest, CountsHowConnectionsEnd) {
  int number = 0;
  server_.on_request = [&](const test::HttpRequest&) -> HttpReply {
    switch (number++) {
      case 0:
      case 1:
        return {.then = HttpReply::Then::kReset};
      default:
        return {};
    }
  };
  endpoint();
  publish_many(10);
  ASSERT_TRUE(until_settled());
  const auto& ends = endpoint().stats().disconnects;
  EXPECT_EQ(std::accumulate(ends.begin(), ends.end(), std::uint64_t{0}), 2U);
  EXPECT_EQ(endpoint().stats().connects, 3U);
  expect_delivered(10);
}

TEST_F(HttpEndpointTest, GivesUpWhatIsTooOld) {
  config_.limits.max_age = milliseconds(100);
  answer_with({.status = 503});
  endpoint();
  publish_many(10);
  ASSERT_TRUE(until_settled());
  EXPECT_EQ(dropped(DropReason::kExpired), 10U);
  EXPECT_TRUE(endpoint().ledger().balances());
  answer_with({});
  publish_many(5, kTime + 1);
  ASSERT_TRUE(until([this] { return endpoint().ledger().delivered == 5; }));
}

TEST_F(HttpEndpointTest, CountsWhatTheLogDropsDuringAnOutageAndDeliversTheRest) {
  std::uint64_t stored = 0;
  server_.on_request = [&](const test::HttpRequest& request) -> HttpReply {
    if (endpoint().ledger().dropped_total() == 0) return {.status = 429};
    stored += values_in(request).size();
    return {};
  };
  endpoint();
  for (std::int64_t round = 0; round < 60; ++round) {
    publish_many(2'000, kTime + round);
    loop_.run_ready();
    ASSERT_TRUE(endpoint().ledger().balances());
  }
  ASSERT_TRUE(until_settled());
  const auto ledger = endpoint().ledger();
  EXPECT_EQ(ledger.accepted, 120'000U);
  EXPECT_GT(dropped(DropReason::kEvicted), 0U);
  EXPECT_EQ(ledger.dropped_total(), dropped(DropReason::kEvicted));
  EXPECT_EQ(ledger.delivered, stored) << "also what was sent and then dropped by the log";
  EXPECT_TRUE(ledger.balances());
}

TEST_F(HttpEndpointTest, BecomesAnEndpointOfAnotherKindAndBack) {
  answer_with({.status = 429});
  endpoint();
  publish_many(10);
  ASSERT_TRUE(until_requests(1));
  auto lines = config_;
  lines.url = {.scheme = "influx", .host = "127.0.0.1", .port = server_.port()};
  publisher_.apply({lines});
  EXPECT_EQ(dynamic_cast<HttpEndpoint*>(publisher_.endpoints().front().get()), nullptr);
  answer_with({});
  publisher_.apply({config_});
  ASSERT_TRUE(until([this] { return endpoint().settled(); }));
  const auto ledger = endpoint().ledger();
  EXPECT_EQ(ledger.accepted, 10U);
  EXPECT_EQ(ledger.delivered, 10U);
}

TEST_F(HttpEndpointTest, GoesOnAtAnotherUrlWithWhatIsNotDelivered) {
  answer_with({.then = HttpReply::Then::kHold});
  endpoint();
  publish_many(10);
  ASSERT_TRUE(until_requests(1));
  test::FakeHttpServer other(loop_);
  auto next = config_;
  next.url.port = other.port();
  publisher_.apply({next});
  ASSERT_TRUE(until_settled());
  EXPECT_EQ(other.requests().size(), 1U);
  expect_delivered(10);
  EXPECT_EQ(endpoint().ledger().resent, 10U);
}

TEST_F(HttpEndpointTest, EndsAllSeriesWhenTheRunEnds) {
  endpoint();
  publish_many(3);
  ASSERT_TRUE(until_settled());
  bool all = false;
  publisher_.drain(seconds(60), [&](bool done) { all = done; });
  ASSERT_TRUE(until([&] { return all; }));
  ASSERT_EQ(server_.requests().size(), 2U);
  const auto last = test::read_write_request(server_.requests().back().body);
  ASSERT_EQ(last.samples.size(), 3U);
  for (const auto& sample : last.samples) {
    EXPECT_TRUE(sample.stale);
    EXPECT_EQ(sample.milliseconds, kTime * 1000 + 1);
  }
  expect_delivered(3);
}

TEST_F(HttpEndpointTest, EndsOfSeriesAreNoMoreAtOnceThanSamples) {
  config_.output.batch.samples = 2;
  endpoint();
  publish_many(5);
  ASSERT_TRUE(until_settled());
  const auto before = server_.requests().size();
  bool all = false;
  publisher_.drain(seconds(60), [&](bool done) { all = done; });
  ASSERT_TRUE(until([&] { return all; }));
  std::vector<std::size_t> sizes;
  for (auto at = before; at < server_.requests().size(); ++at) {
    sizes.push_back(test::read_write_request(server_.requests()[at].body).samples.size());
  }
  EXPECT_THAT(sizes, ElementsAre(2, 2, 1));
}

TEST_F(HttpEndpointTest, AtTheEndOfTheRunAServerThatWasBusyForLongIsAskedOnceMore) {
  config_.stall_timeout = milliseconds(0);
  answer_with({.status = 429, .headers = {"Retry-After: 120"}});
  endpoint();
  publish_many(3);
  ASSERT_TRUE(until([this] { return endpoint().stalled(); }));
  answer_with({});
  bool told = false;
  bool all = false;
  publisher_.drain(seconds(60), [&](bool done) { told = true, all = done; });
  ASSERT_TRUE(until([&] { return told; }));
  EXPECT_TRUE(all);
  expect_delivered(3);
}

TEST_F(HttpEndpointTest, AnEndOfTheRunWaitsForNoServerThatIsAway) {
  endpoint();
  publish_many(3);
  ASSERT_TRUE(until_settled());
  server_.stop_listening();
  server_.close_connections();
  bool told = false;
  publisher_.drain(seconds(3600), [&](bool) { told = true; });
  EXPECT_TRUE(until([&] { return told; }));
}

}  // namespace
}  // namespace lariat::publish
