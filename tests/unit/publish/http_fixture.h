#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "agent/publish/http_endpoint.h"
#include "agent/publish/publisher.h"
#include "proto/encode.h"
#include "tests/support/fake_http_server.h"
#include "tests/support/loop_driver.h"
#include "tests/support/write_request.h"

namespace lariat::publish {

using test::HttpReply;

/// A publisher with one endpoint of HTTP, and its server, on a loop that the test drives.
class HttpEndpointTest : public testing::Test {
 protected:
  HttpEndpointTest() {
    publisher_.make_others_with(make_http_endpoint);
    config_.url = {.scheme = "prometheus+http",
                   .host = "127.0.0.1",
                   .port = server_.port(),
                   .target = "/api/v1/write"};
    config_.output.hostname = "web1";
    config_.output.batch.age = std::chrono::milliseconds(5);
  }

  HttpEndpoint& endpoint() {
    if (publisher_.endpoints().empty()) publisher_.add(config_);
    return dynamic_cast<HttpEndpoint&>(*publisher_.endpoints().front());
  }
  void use_influx() {
    config_.url.scheme = "influx+http";
    config_.url.target = "/write?db=d&precision=s";
  }
  /// A sample of `bench{series}` whose value is `value`, at `seconds`.
  void publish(unsigned series, std::int64_t seconds, double value) {
    std::array<std::byte, proto::kEncodeBufferSize> room;
    const std::array<double, 1> values = {value};
    const auto encoded = proto::encode_sample(room, "bench series=" + std::to_string(series),
                                              static_cast<std::uint64_t>(seconds), values);
    ASSERT_TRUE(encoded);
    ASSERT_TRUE(publisher_.publish(std::span(room).first(encoded.size)));
  }
  /// Of as many series one sample each.
  void publish_many(unsigned count, std::int64_t seconds = kTime) {
    for (unsigned i = 0; i < count; ++i) publish(i, seconds, i);
  }
  void tally(std::uint64_t increment, std::int64_t seconds) {
    std::array<std::byte, proto::kEncodeBufferSize> room;
    const auto encoded =
        proto::encode_tally(room, "hits host=web1", static_cast<std::uint64_t>(seconds), increment);
    ASSERT_TRUE(encoded);
    ASSERT_TRUE(publisher_.publish(std::span(room).first(encoded.size)));
  }
  template <typename Predicate>
  [[nodiscard]] bool until(Predicate done) {
    return test::run_until(loop_, done, std::chrono::seconds(60));
  }
  [[nodiscard]] bool until_settled() {
    return until([this] {
      publisher_.push();
      return endpoint().settled();
    });
  }
  [[nodiscard]] bool until_requests(std::size_t count) {
    return until([this, count] { return server_.requests().size() >= count; });
  }
  void answer_with(const HttpReply& reply) {
    server_.on_request = [reply](const test::HttpRequest&) { return reply; };
  }
  [[nodiscard]] std::vector<double> values_in(const test::HttpRequest& request) const {
    std::vector<double> values;
    for (const auto& sample : test::read_write_request(request.body).samples) {
      if (!sample.stale) values.push_back(sample.value);
    }
    return values;
  }
  /// Refuses what has one of these values.
  void refuse_values(const std::vector<double>& bad, int status) {
    server_.on_request = [this, bad, status](const test::HttpRequest& request) -> HttpReply {
      for (const auto value : values_in(request)) {
        if (std::find(bad.begin(), bad.end(), value) != bad.end()) {
          return {.status = status, .body = "out of order sample\n"};
        }
      }
      for (const auto value : values_in(request)) stored_.push_back(value);
      return {};
    };
  }
  [[nodiscard]] std::uint64_t dropped(DropReason reason) {
    return endpoint().ledger().dropped[static_cast<std::size_t>(reason)];
  }
  void expect_delivered(std::uint64_t frames) {
    const auto ledger = endpoint().ledger();
    EXPECT_EQ(ledger.delivered, frames);
    EXPECT_EQ(ledger.queued, 0U);
    EXPECT_TRUE(ledger.balances());
  }

  static constexpr std::int64_t kTime = 1'700'000'000;

  std::vector<std::string> lines_;
  base::Log log_lines_{[this](base::Level, std::string_view line) { lines_.emplace_back(line); }};
  loop::Loop loop_;
  test::FakeHttpServer server_{loop_};
  net::Resolver resolver_{loop_};
  Publisher publisher_{
      loop_, resolver_, log_lines_, {.memory_bytes = 4U << 20U, .segment_bytes = 256U << 10U}};
  EndpointConfig config_{.name = "e",
                         .limits = {.start = Start::kBegin},
                         .back_off_min = std::chrono::milliseconds(1),
                         .back_off_max = std::chrono::milliseconds(10)};
  std::vector<double> stored_;
};

}  // namespace lariat::publish
