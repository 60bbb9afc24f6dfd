#include "proto/zmtp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>

namespace lariat::proto {
namespace {

using testing::HasSubstr;
using testing::Not;
using State = ZmtpPeer::State;

std::string octets(std::size_t count, char octet = '\0') { return std::string(count, octet); }

std::string greeting(std::string_view mechanism = "NULL", char minor = 1) {
  std::string text = "\xff" + octets(8) + "\x7f\x03" + minor + std::string(mechanism);
  text.resize(32, '\0');
  return text + octets(32);
}

std::string command(std::string_view name, std::string_view data) {
  const std::string body = static_cast<char>(name.size()) + std::string(name) + std::string(data);
  return std::string("\x04") + static_cast<char>(body.size()) + body;
}

std::string property(std::string_view name, std::string_view value) {
  return static_cast<char>(name.size()) + std::string(name) + octets(3) +
         static_cast<char>(value.size()) + std::string(value);
}

std::string ready(std::string_view type) {
  return command("READY", property("Socket-Type", type) + property("Identity", ""));
}

std::string pull() { return greeting() + ready("PULL"); }

std::string fault(std::string_view bytes) {
  ZmtpPeer peer;
  EXPECT_EQ(peer.feed(bytes), State::kFault);
  return peer.fault();
}

std::string answer(ZmtpPeer& peer) {
  std::array<char, kZmtpAnswerRoom> out;
  return {out.data(), peer.take_answer(out)};
}

// One that is ready, and has had our READY.
ZmtpPeer ready_peer() {
  ZmtpPeer peer;
  EXPECT_EQ(peer.feed(pull()), State::kReady);
  EXPECT_EQ(answer(peer), zmtp_ready());
  return peer;
}

std::string head(std::uint64_t size, bool more) {
  std::array<char, kZmtpHeadRoom> out;
  return {out.data(), write_zmtp_head(size, more, out.data())};
}

TEST(Zmtp, SaysItsGreetingAndThatItIsAReadyPush) {
  EXPECT_EQ(zmtp_hello(), "\xff" + octets(8) + "\x7f\x03" + octets(1) + "NULL" + octets(16 + 32));
  EXPECT_EQ(zmtp_ready(), command("READY", property("Socket-Type", "PUSH")));
}

TEST(Zmtp, FramesAreShortUpTo255Octets) {
  EXPECT_EQ(head(0, true), std::string("\x01\0", 2));
  EXPECT_EQ(head(255, false), std::string("\0\xff", 2));
  EXPECT_EQ(head(256, false), std::string("\x02\0\0\0\0\0\0\x01\0", 9));
  EXPECT_EQ(head(0x0102030405060708, true), "\x03\x01\x02\x03\x04\x05\x06\x07\x08");
}

TEST(Zmtp, APullSocketIsReadyWhateverThePieces) {
  ZmtpPeer peer;
  EXPECT_EQ(peer.state(), State::kGreeting);
  EXPECT_EQ(peer.feed(greeting()), State::kHandshake);
  EXPECT_EQ(answer(peer), "") << "it has not said what it is";
  EXPECT_EQ(peer.feed(ready("PULL")), State::kReady);
  EXPECT_EQ(answer(peer), zmtp_ready());
  EXPECT_EQ(answer(peer), "");

  ZmtpPeer slow;
  const std::string all = greeting("NULL", 0) + ready("PULL");
  for (std::size_t at = 0; at < all.size(); ++at) {
    EXPECT_NE(slow.state(), State::kReady);
    slow.feed(all.substr(at, 1));
  }
  EXPECT_EQ(slow.state(), State::kReady);
}

TEST(Zmtp, OtherPeersAreRefusedAsSoonAsTheyShow) {
  EXPECT_THAT(fault(std::string("\x01\0", 2)), HasSubstr("no ZeroMQ socket of version 3"));
  EXPECT_THAT(fault("HTTP/1.1 400"), HasSubstr("no ZeroMQ socket"));
  EXPECT_THAT(fault("\xff" + octets(8) + "\x7e"), HasSubstr("no ZeroMQ socket"));
  EXPECT_THAT(fault("\xff" + octets(8) + "\x7f\x01"), HasSubstr("older ZMTP"));
  EXPECT_THAT(fault(greeting("CURVE")), HasSubstr("mechanism CURVE"));
  EXPECT_THAT(fault(greeting("PLAIN\x1b[2J")), HasSubstr("mechanism PLAIN?[2J"));
}

TEST(Zmtp, OtherSocketsAreRefused) {
  EXPECT_THAT(fault(greeting() + ready("SUB")), HasSubstr("of type SUB"));
  EXPECT_THAT(fault(greeting() + ready("ROUTER")), HasSubstr("controller, 2998"));
  EXPECT_THAT(fault(greeting() + ready("XPUB")), HasSubstr("broadcasts, 2997"));
  EXPECT_THAT(fault(greeting() + ready("SUB")), Not(HasSubstr("2997")));
  EXPECT_THAT(fault(greeting() + command("READY", property("Identity", "PULL"))),
              HasSubstr("does not say"));
  ZmtpPeer peer;
  EXPECT_EQ(peer.feed(greeting() + command("READY", property("socket-TYPE", "PULL"))),
            State::kReady)
      << "names of properties have no case";
}

TEST(Zmtp, WhatBreaksTheRulesIsRefused) {
  EXPECT_THAT(fault(greeting() + std::string("\0\x01x", 3)), HasSubstr("before it is ready"));
  EXPECT_THAT(fault(greeting() + "\x08\x01"), HasSubstr("breaks the rules"));
  EXPECT_THAT(fault(greeting() + "\x05\x01"), HasSubstr("breaks the rules"));
  EXPECT_THAT(fault(greeting() + std::string("\x04\0", 2)), HasSubstr("without a name"));
  EXPECT_THAT(fault(greeting() + "\x04\x02\x05R"), HasSubstr("without a name"));
  EXPECT_THAT(fault(greeting() + command("HELLO", "")), HasSubstr("says HELLO"));
  EXPECT_THAT(fault(greeting() + command("READY", "\x0bSocket-Type")), HasSubstr("is cut"));
  EXPECT_THAT(fault(greeting() + std::string("\x06\0\0\0\0\0\0\x08\x01", 9)),
              HasSubstr("command of 2049 octets"));
  EXPECT_THAT(fault(greeting() + "\x06" + octets(8, '\xff')), HasSubstr("command of 1844674407"));
}

TEST(Zmtp, AnErrorIsToldAsThePeerSaysIt) {
  EXPECT_THAT(fault(greeting() + command("ERROR", "\x07no\nmore")), HasSubstr("no?more"));
  EXPECT_THAT(fault(pull() + command("ERROR", "")), HasSubstr("does not say why"));
  ZmtpPeer peer;
  peer.feed(greeting() + command("ERROR", "\x03out"));
  EXPECT_EQ(peer.feed(ready("PULL")), State::kFault) << "nothing is read any more";
}

TEST(Zmtp, APingIsAnsweredWithItsContext) {
  ZmtpPeer peer = ready_peer();
  peer.feed(command("PING", std::string("\0\x0a", 2) + "context"));
  EXPECT_EQ(answer(peer), "\x04\x0c\x04PONGcontext");
  EXPECT_EQ(answer(peer), "") << "once";
  peer.feed(command("PING", octets(2) + "first") + command("PING", octets(2) + octets(100, 'x')));
  EXPECT_EQ(answer(peer), "\x04\x15\x04PONG" + octets(16, 'x')) << "the last, of bounded size";
  EXPECT_EQ(peer.feed(command("PING", "\x01") + command("SUBSCRIBE", "")), State::kReady);
  EXPECT_EQ(answer(peer), "");

  ZmtpPeer at_once;
  at_once.feed(pull() + command("PING", octets(2) + "a") +
               command("PING", octets(2) + octets(16, 'x')));
  EXPECT_EQ(answer(at_once), std::string(zmtp_ready()) + "\x04\x15\x04PONG" + octets(16, 'x'));
}

TEST(Zmtp, AFaultIsNotAnswered) {
  ZmtpPeer peer;
  peer.feed(pull() + command("ERROR", ""));
  EXPECT_EQ(answer(peer), "");
}

TEST(Zmtp, MessagesAreSkippedHoweverLong) {
  ZmtpPeer peer = ready_peer();
  peer.feed(std::string("\x01\0", 2) + std::string("\0\x02", 2) + "\xff\xff");
  EXPECT_EQ(peer.feed(std::string("\x02\0\0\0\0\0\x01\0\0", 9)), State::kReady);
  for (int i = 0; i < 64; ++i) EXPECT_EQ(peer.feed(octets(1024, '\x08')), State::kReady);
  peer.feed(command("PING", octets(2)));
  EXPECT_EQ(answer(peer), "\x04\x05\x04PONG") << "the frames behind them are read";
}

}  // namespace
}  // namespace lariat::proto
