#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <string>
#include <vector>

#include "agent/base/unique_fd.h"
#include "tests/support/process.h"

namespace lariat {
namespace {

using test::Process;
using testing::HasSubstr;
using enum test::Process::Stream;

/// The real program with a socket of each kind, and somebody who sends to it.
class StatsdProgram : public testing::Test {
 protected:
  void SetUp() override {
    for (const std::string& scheme : {std::string("udp"), std::string("tcp")}) {
      const auto line = program_.wait_for_line(kErr, "statsd: listens at " + scheme);
      ASSERT_TRUE(line);
      ports_.push_back(static_cast<std::uint16_t>(std::stoi(line->substr(line->rfind(':') + 1))));
    }
    ASSERT_TRUE(program_.wait_for_line(kErr, "statsd: listens at unixgram"));
  }

  [[nodiscard]] base::UniqueFd connect(int type) const {
    base::UniqueFd socket(::socket(AF_INET, type | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(ports_[type == SOCK_DGRAM ? 0 : 1]);
    EXPECT_EQ(::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    return socket;
  }
  [[nodiscard]] base::UniqueFd connect_path() const {
    base::UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    return socket;
  }
  static void send(const base::UniqueFd& socket, std::string_view text) {
    ASSERT_EQ(::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
  }
  /// Ticks until an answer has this line.
  bool tells(const std::string& line) {
    return test::wait_until([&] {
      return program_.write("tick 5\n") && program_.wait_for_line(kOut, "done").has_value() &&
             program_.text(kOut).find(line + '\n') != std::string::npos;
    });
  }

  test::TemporaryDirectory folder_;
  std::string path_ = folder_.file("statsd.sock");
  std::vector<std::uint16_t> ports_;
  Process program_{{std::string(LARIAT_COLLECTORS) + "/statsd", "--text", "--listen",
                    "udp://127.0.0.1:0", "--listen", "tcp://127.0.0.1:0", "--listen",
                    "unixgram://" + path_}};
};

TEST_F(StatsdProgram, AddsUpWhatComesByAnyTransport) {
  const auto udp = connect(SOCK_DGRAM);
  const auto tcp = connect(SOCK_STREAM);
  send(udp, "a:1|c|#k:v\na:2|c|#k:v\n");
  send(connect_path(), "a:4|c|#k:v");
  send(tcp, "a:8|c|#k");
  send(tcp, ":v\na:16|c|#k:v\n");
  EXPECT_TRUE(tells("delta 5 a k=v 31"));
  EXPECT_TRUE(tells("delta 5 statsd_packets_total 2"));
  EXPECT_TRUE(tells("sample 5 statsd_connections 1"));
  program_.close_input();
  EXPECT_EQ(program_.wait(), 0);
}

TEST_F(StatsdProgram, ALineWithoutAnEndCountsWhenItsConnectionCloses) {
  send(connect(SOCK_STREAM), "a:7|c");
  EXPECT_TRUE(tells("delta 5 a 7"));
  EXPECT_TRUE(tells("sample 5 statsd_connections 0"));
}

TEST_F(StatsdProgram, ALineTooLongCostsItselfAlone) {
  const auto tcp = connect(SOCK_STREAM);
  const std::string flood(30'000, 'x');
  for (int i = 0; i < 10; ++i) send(tcp, flood);
  send(tcp, "\na:1|c\n");
  EXPECT_TRUE(tells("delta 5 a 1"));
  EXPECT_TRUE(tells("delta 5 statsd_lines_refused_total reason=too-long 1"));
  EXPECT_TRUE(tells("delta 5 statsd_lines_total 2"));
}

TEST_F(StatsdProgram, ConnectionsBeyondTheMostAreClosedAndTheOthersGoOn) {
  std::vector<base::UniqueFd> open;
  for (int i = 0; i < 260; ++i) open.push_back(connect(SOCK_STREAM));
  EXPECT_TRUE(tells("delta 5 statsd_connections_refused_total 4"));
  EXPECT_TRUE(tells("sample 5 statsd_connections 256"));
  send(open.front(), "a:1|c\n");
  EXPECT_TRUE(tells("delta 5 a 1"));
  open.clear();
  EXPECT_TRUE(tells("sample 5 statsd_connections 0"));
  send(connect(SOCK_STREAM), "b:1|c\n");
  EXPECT_TRUE(tells("delta 5 b 1"));
}

TEST_F(StatsdProgram, WhatTheKernelDropsIsCounted) {
  const auto udp = connect(SOCK_DGRAM);
  program_.stop();
  const std::string packet(60'000, 'x');
  for (int i = 0; i < 3000; ++i) send(udp, packet);
  program_.go_on();
  ASSERT_TRUE(test::wait_until([&] {
    return program_.write("tick 6\n") && program_.wait_for_line(kOut, "done").has_value() &&
           program_.text(kOut).find("delta 6 statsd_packets_dropped_total") != std::string::npos;
  }));
  const std::string& text = program_.text(kOut);
  const auto number = [&text](const std::string& name) {
    return std::stoi(text.substr(text.rfind("delta 6 " + name + " ") + name.size() + 9));
  };
  EXPECT_TRUE(test::wait_until([&] {
    EXPECT_TRUE(program_.write("tick 6\n"));
    EXPECT_TRUE(program_.wait_for_line(kOut, "done"));
    return number("statsd_packets_total") + number("statsd_packets_dropped_total") == 3000;
  }));
  EXPECT_GT(number("statsd_packets_dropped_total"), 0);
}

TEST_F(StatsdProgram, SleepsWhileNothingComes) {
  ASSERT_TRUE(tells("sample 5 statsd_series 0"));
  const auto before = test::status_number(program_.pid(), "voluntary_ctxt_switches");
  (void)program_.wait_for_text(kOut, "never there", std::chrono::milliseconds(200));
  EXPECT_LE(test::status_number(program_.pid(), "voluntary_ctxt_switches"), before + 1);
}

TEST_F(StatsdProgram, APathThatIsReadIsNotTakenAndOneLeftBehindIs) {
  const std::vector<std::string> command = {std::string(LARIAT_COLLECTORS) + "/statsd", "--listen",
                                            "unixgram://" + path_};
  Process second(command);
  EXPECT_EQ(second.wait(), 1);
  EXPECT_THAT(second.text(kErr), HasSubstr("cannot listen at " + path_));
  program_.signal(SIGKILL);
  EXPECT_TRUE(program_.wait());
  Process third(command);
  EXPECT_TRUE(third.wait_for_line(kErr, "statsd: listens at unixgram"));
}

TEST(StatsdOptions, AWrongOneIsOneSentence) {
  for (const std::vector<std::string>& words : {std::vector<std::string>{"--listen", "nowhere"},
                                                {"--quantiles", "0.5,2"},
                                                {"--max-series", "0"},
                                                {"--expire", "x"}}) {
    std::vector<std::string> command = {std::string(LARIAT_COLLECTORS) + "/statsd"};
    command.insert(command.end(), words.begin(), words.end());
    Process program(command);
    EXPECT_EQ(program.wait(), 2) << words.front();
    EXPECT_THAT(program.text(kErr), testing::StartsWith("statsd: "));
  }
}

TEST(StatsdOnce, ListensForAWhileAndAnswers) {
  Process program({std::string(LARIAT_COLLECTORS) + "/statsd", "--once", "--text", "--listen-for",
                   "1", "--listen", "udp://127.0.0.1:0"});
  EXPECT_EQ(program.wait(), 0);
  EXPECT_THAT(program.text(kOut), HasSubstr(" statsd_series 0\n"));
}

}  // namespace
}  // namespace lariat
