// Endpoints that send lines or Bolo's messages, and endpoints that change what they send.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "proto/zmtp.h"
#include "tests/unit/publish/endpoint_fixture.h"

namespace lariat::publish {
namespace {

using std::chrono::milliseconds;

class StreamEndpointTest : public EndpointTest {
 protected:
  EndpointConfig config(const std::string& scheme) {
    EndpointConfig config{.name = "out",
                          .url = peer_.url(),
                          .connect_timeout = milliseconds(5'000),
                          .back_off_min = milliseconds(1),
                          .back_off_max = milliseconds(20),
                          .heartbeat = milliseconds(60'000)};
    config.url.scheme = scheme;
    return config;
  }
  Endpoint& begin(const std::string& scheme) {
    auto& endpoint = publisher_.add(config(scheme));
    EXPECT_TRUE(until([&] { return endpoint.connected() && peer_.accept(); }));
    return endpoint;
  }
  std::string text() {
    const auto& octets = peer_.read();
    return {reinterpret_cast<const char*>(octets.data()), octets.size()};
  }
  void say(std::string_view text) {
    const auto* first = reinterpret_cast<const std::byte*>(text.data());
    peer_.send({first, first + text.size()});
  }
  void fact(std::string_view name) {
    std::array<std::byte, proto::kEncodeBufferSize> buffer;
    const auto encoded = proto::encode_fact(buffer, name, "blue");
    ASSERT_TRUE(encoded);
    ASSERT_TRUE(publisher_.publish(std::span(buffer).first(encoded.size)));
  }
  [[nodiscard]] bool was_told(std::string_view part) const {
    return std::any_of(lines_.begin(), lines_.end(),
                       [&](const auto& line) { return line.find(part) != std::string::npos; });
  }
  static std::uint64_t unsupported(Endpoint& endpoint) {
    return endpoint.ledger().dropped[static_cast<std::size_t>(DropReason::kUnsupported)];
  }

  Peer peer_;
};

TEST_F(StreamEndpointTest, GraphiteGetsLinesAndNothingElse) {
  auto& endpoint = begin("graphite");
  publish(2);
  ASSERT_TRUE(until([&] { return text().size() >= 40; }));
  EXPECT_EQ(text(), "bench.0 0 1700000000\nbench.0 1 1700000000\n");
  ASSERT_TRUE(until([&] { return endpoint.ledger().delivered == 2; }));
  EXPECT_EQ(endpoint.write_watcher().starts, 0U);
  EXPECT_FALSE(endpoint.beat_due()) << "no line is a heartbeat";
  expect_invariant(endpoint);
}

TEST_F(StreamEndpointTest, InfluxGetsLinesWithNanoseconds) {
  begin("influx");
  publish(1);
  ASSERT_TRUE(until([&] { return text().ends_with('\n'); }));
  EXPECT_EQ(text(), "bench,series=0 value=0 1700000000000000000\n");
}

TEST_F(StreamEndpointTest, WhatGraphiteCannotCarryIsToldOnceAndCounted) {
  auto& endpoint = begin("graphite");
  fact("colour a=b");
  fact("colour a=c");
  publish(1);
  ASSERT_TRUE(until([&] { return endpoint.ledger().queued == 0; }));
  EXPECT_EQ(text(), "bench.0 0 1700000000\n");
  EXPECT_EQ(unsupported(endpoint), 2U);
  EXPECT_TRUE(was_told("Graphite cannot carry the fact colour a=b"));
  EXPECT_FALSE(was_told("colour a=c"));
}

TEST_F(StreamEndpointTest, OnlyWhatCannotBeCarriedWakesNobody) {
  auto& endpoint = begin("graphite");
  fact("colour a=b");
  ASSERT_TRUE(until([&] { return unsupported(endpoint) == 1; }));
  turn();
  const auto before = loop_.stats().wakeups;
  turn();
  EXPECT_EQ(loop_.stats().wakeups, before);
  EXPECT_EQ(endpoint.write_watcher().starts, endpoint.write_watcher().stops);
  EXPECT_TRUE(endpoint.settled());
}

TEST_F(StreamEndpointTest, AServerThatTalksBackIsNotListenedTo) {
  auto& endpoint = begin("graphite");
  say(std::string(100'000, 'x') + "\n");
  publish(1);
  ASSERT_TRUE(until([&] { return endpoint.ledger().delivered == 1; }));
  EXPECT_TRUE(endpoint.connected());
}

TEST_F(StreamEndpointTest, ALineCutByADeathComesAgainWhole) {
  auto& endpoint = begin("graphite");
  while (!endpoint.write_watcher().active && number_ < 400'000) {
    publish(2'000);
    turn();
  }
  ASSERT_TRUE(endpoint.write_watcher().active);
  peer_.close();
  ASSERT_TRUE(until([&] { return endpoint.stats().connects == 2 && peer_.accept(); }));
  std::vector<std::byte> room(1U << 18U);
  std::string first;
  ASSERT_TRUE(until([&] { return !(first = text()).empty(); }));
  EXPECT_TRUE(first.starts_with("bench.0 ")) << first.substr(0, 80);
  ASSERT_TRUE(until([&] {
    peer_.discard(room);
    return endpoint.ledger().queued == 0;
  }));
  EXPECT_TRUE(endpoint.ledger().balances());
  expect_invariant(endpoint);
}

// The greeting of a PULL socket of libzmq 4.3 with the mechanism NULL, and its READY.
std::string pull_greeting() {
  std::string greeting("\xff\0\0\0\0\0\0\0\x01\x7f\x03\0NULL", 16);
  greeting.resize(64, '\0');
  return greeting + std::string("\x04\x1a\x05READY\x0bSocket-Type\0\0\0\x04PULL", 28);
}

TEST_F(StreamEndpointTest, BoloGetsNothingBeforeItIsReady) {
  auto& endpoint = begin("bolo");
  publish(1);
  ASSERT_TRUE(until([&] { return text().size() >= proto::zmtp_hello().size(); }));
  EXPECT_EQ(text(), proto::zmtp_hello());
  EXPECT_EQ(endpoint.ledger().queued, 1U);
  EXPECT_FALSE(endpoint.write_watcher().active) << "it may not send";
  say(pull_greeting());
  ASSERT_TRUE(until([&] { return endpoint.ledger().delivered == 1; }));
  const auto sent = text().substr(proto::zmtp_hello().size() + proto::zmtp_ready().size());
  EXPECT_TRUE(sent.starts_with(std::string("\x01\0\x01\x06SAMPLE\x01", 11))) << "delimiter, type";
  EXPECT_NE(sent.find(std::string("metric=bench,series=0\0", 22)), std::string::npos);
}

TEST_F(StreamEndpointTest, AnotherProtocolInBolosPlaceIsTold) {
  auto& endpoint = begin("bolo");
  say("HTTP/1.1 400 Bad Request\r\n\r\n");
  ASSERT_TRUE(until([&] { return !endpoint.last_error().empty(); }));
  EXPECT_NE(endpoint.last_error().find("127.0.0.1:"), std::string::npos) << endpoint.last_error();
  EXPECT_EQ(endpoint.ledger().queued, 0U);
  EXPECT_GE(endpoint.stats().disconnects[static_cast<std::size_t>(EndReason::kLocal)], 1U);
}

TEST_F(StreamEndpointTest, OneThatNeverSaysThatItIsBoloIsLeft) {
  auto settings = config("bolo");
  settings.connect_timeout = milliseconds(50);
  auto& endpoint = publisher_.add(settings);
  ASSERT_TRUE(until([&] { return endpoint.connected() && peer_.accept(); }));
  ASSERT_TRUE(until([&] { return !endpoint.last_error().empty(); }));
  EXPECT_NE(endpoint.last_error().find("does not say within 50ms that it is classic Bolo"),
            std::string::npos)
      << endpoint.last_error();
}

TEST_F(StreamEndpointTest, AnotherFormatUnderTheSameNameGoesOnWhereItWas) {
  auto first = config("tsdp");
  first.heartbeat = milliseconds(0);
  publisher_.apply({first});
  const auto endpoint = [this]() -> Endpoint& { return *publisher_.endpoints().front(); };
  ASSERT_TRUE(until([&] { return endpoint().connected() && peer_.accept(); }));
  publish(3);
  ASSERT_TRUE(until([&] { return endpoint().ledger().delivered == 3; }));
  EXPECT_EQ(peer_.numbers().size(), 3U);
  peer_.close();
  ASSERT_TRUE(until([&] { return endpoint().stats().disconnects[0] == 1; }));
  publish(2);  // Nobody takes them as TSDP: the connection, if there is one, is not read.
  publisher_.apply({config("graphite")});
  ASSERT_TRUE(until([&] {
    peer_.accept();
    return text().find("bench.0 4 ") != std::string::npos;
  }));
  ASSERT_TRUE(until([&] { return endpoint().ledger().queued == 0; }));
  const auto ledger = endpoint().ledger();
  EXPECT_EQ(ledger.accepted, 5U);
  EXPECT_EQ(ledger.delivered, 5U);
  EXPECT_GE(endpoint().stats().connects, 2U) << "its account goes on";
}

TEST_F(StreamEndpointTest, OtherOptionsHoldForWhatIsNotDelivered) {
  publisher_.apply({config("graphite")});
  const auto endpoint = [this]() -> Endpoint& { return *publisher_.endpoints().front(); };
  ASSERT_TRUE(until([&] { return endpoint().connected() && peer_.accept(); }));
  auto changed = config("graphite");
  changed.output.graphite.prefix = "dc1";
  publisher_.apply({changed});
  ASSERT_TRUE(until([&] { return endpoint().connected() && peer_.accept(); }));
  publish(1);
  ASSERT_TRUE(until([&] { return !text().empty(); }));
  EXPECT_EQ(text(), "dc1.bench.0 0 1700000000\n");
}

}  // namespace
}  // namespace lariat::publish
