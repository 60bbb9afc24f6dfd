#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "agent/base/unique_fd.h"
#include "proto/decode.h"
#include "proto/encode.h"
#include "tests/support/process.h"

namespace lariat::test {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

constexpr std::string_view kAnyPort = "tsdp://127.0.0.1:0";

std::string text_of(std::span<const std::byte> octets) {
  return {reinterpret_cast<const char*>(octets.data()), octets.size()};
}

std::string sample(double value, std::string_view name = "cpu host=a") {
  std::array<std::byte, proto::kEncodeBufferSize> room;
  const std::array values{value};
  return text_of(std::span(room).first(proto::encode_sample(room, name, 1700000000, values).size));
}

std::string heartbeat() {
  std::array<std::byte, proto::kHeartbeatSize> beat;
  proto::encode_heartbeat(beat, 1700000000, 7);
  return text_of(beat);
}

/// The program, once it listens, and peers that are plain sockets.
class Receive {
 public:
  explicit Receive(std::vector<std::string> options, std::string_view url = kAnyPort)
      : process(words(std::move(options), url)) {
    const auto line = process.line(Process::Stream::kErr);
    EXPECT_TRUE(line && line->starts_with("listening on tsdp")) << line.value_or("nothing");
    const auto colon = line.value_or(":0").rfind(':');
    port_ = static_cast<std::uint16_t>(std::stoul(line.value_or(":0").substr(colon + 1)));
  }

  [[nodiscard]] base::UniqueFd connect() const {
    base::UniqueFd peer(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port_);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(peer.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
    return peer;
  }
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

  std::string ended() {
    EXPECT_EQ(process.wait(), 0) << process.text(Process::Stream::kErr);
    return process.text(Process::Stream::kOut);
  }

  Process process;

 private:
  static std::vector<std::string> words(std::vector<std::string> options, std::string_view url) {
    options.insert(options.begin(), {LARIAT_BINARY, "receive", std::string(url)});
    return options;
  }

  std::uint16_t port_ = 0;
};

void send(const base::UniqueFd& peer, std::string_view octets) {
  while (!octets.empty()) {
    const ssize_t put = ::send(peer.get(), octets.data(), octets.size(), MSG_NOSIGNAL);
    ASSERT_GT(put, 0);
    octets.remove_prefix(static_cast<std::size_t>(put));
  }
}

std::size_t lines_in(std::string_view text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

TEST(Receive, PrintsALineForEachFrameAndHeartbeatAndEndsAfterItsCount) {
  Receive receive({"--count", "2"});
  const auto peer = receive.connect();
  send(peer, heartbeat() + sample(1.5) + sample(2) + sample(3));
  EXPECT_EQ(receive.ended(),
            "# heartbeat 1700000000 7\nsample 1700000000 cpu host=a 1.5\n"
            "sample 1700000000 cpu host=a 2\n");
  EXPECT_THAT(receive.process.text(Process::Stream::kErr), HasSubstr("received 2 frames, "));
}

TEST(Receive, PrintsALineAtOnceNotWhenItsBufferIsFull) {
  Receive receive({});
  const auto peer = receive.connect();
  send(peer, sample(1));
  EXPECT_EQ(receive.process.line(Process::Stream::kOut), "sample 1700000000 cpu host=a 1");
}

TEST(Receive, PrintsJsonWithHeartbeats) {
  Receive receive({"--json", "--count", "1"});
  send(receive.connect(), heartbeat() + sample(1.5));
  EXPECT_EQ(receive.ended(),
            "{\"opcode\":\"heartbeat\",\"time\":1700000000,\"count\":7}\n"
            "{\"kind\":\"sample\",\"name\":\"cpu host=a\",\"time\":1700000000,\"values\":[1.5]}\n");
}

TEST(Receive, WritesWholeMessagesOfManyPeersRaw) {
  constexpr int kPeers = 20;
  constexpr int kEach = 200;
  const TemporaryDirectory directory;
  const std::string file = directory.file("raw");
  Receive receive({"--raw", file, "--count", std::to_string(kPeers * kEach)});
  std::vector<base::UniqueFd> peers;
  for (int i = 0; i < kPeers; ++i) peers.push_back(receive.connect());
  std::vector<std::string> rest(kPeers);
  for (int number = 0; number < kEach; ++number) {
    for (int i = 0; i < kPeers; ++i) {
      std::string& held = rest[static_cast<std::size_t>(i)];
      held += sample(number, "cpu peer=" + std::to_string(i));
      const std::size_t cut = number + 1 < kEach ? held.size() - 5 : held.size();
      send(peers[static_cast<std::size_t>(i)], std::string_view(held).substr(0, cut));
      held.erase(0, cut);
    }
  }
  EXPECT_EQ(receive.ended(), "");

  std::vector<int> next(kPeers);
  proto::Decoder decoder;
  const std::string raw = read_file(file);
  decoder.feed(std::as_bytes(std::span(raw)));
  while (const auto event = decoder.next()) {
    ASSERT_EQ(event->outcome, proto::Decoder::Outcome::kMessage);
    const proto::Submit submit(event->message);
    const auto peer = std::stoul(std::string(submit.name().substr(9)));
    EXPECT_EQ(submit.value(0), next.at(peer)++) << "in the order of its peer";
  }
  EXPECT_EQ(decoder.end(), proto::Decoder::End::kClean);
  EXPECT_EQ(next, std::vector<int>(kPeers, kEach));
}

TEST(Receive, RawOnStandardOutputIsTheOctetsAlone) {
  Receive receive({"--raw", "-", "--count", "1"});
  send(receive.connect(), sample(1));
  EXPECT_EQ(receive.ended(), sample(1));
}

TEST(Receive, QuietPrintsOnlyACountAtItsEnd) {
  Receive receive({"--quiet"});
  auto peer = receive.connect();
  const std::string octets = heartbeat() + sample(1) + sample(2);
  send(peer, octets + "\x11");
  peer.reset();
  EXPECT_TRUE(receive.process.wait_for_text(Process::Stream::kErr, "in the middle of a message"));
  receive.process.signal(SIGTERM);
  EXPECT_EQ(receive.ended(), "received 2 frames, " + std::to_string(octets.size() + 1) +
                                 " bytes, 1 heartbeats, 0 invalid, 1 truncated\n");
}

TEST(Receive, EndsOnInterruptWithASummary) {
  Receive receive({});
  receive.process.signal(SIGINT);
  EXPECT_EQ(receive.ended(), "");
  EXPECT_THAT(receive.process.text(Process::Stream::kErr),
              EndsWith("received 0 frames, 0 bytes, 0 heartbeats, 0 invalid, 0 truncated\n"));
}

TEST(Receive, TellsWhatIsInvalidAndGoesOn) {
  Receive receive({"--count", "1"});
  const auto wrong = receive.connect();
  send(wrong, "\xff\x01\x02\x03");
  EXPECT_TRUE(receive.process.wait_for_text(Process::Stream::kErr, "(version)"));
  send(receive.connect(), std::string("\x11\x00\x00\x20\xf0\x00", 6) + sample(1));
  EXPECT_EQ(receive.ended(), "sample 1700000000 cpu host=a 1\n");
  EXPECT_THAT(receive.process.text(Process::Stream::kErr), HasSubstr("arity"));
  EXPECT_THAT(receive.process.text(Process::Stream::kErr), HasSubstr(" 2 invalid,"));
}

TEST(Receive, ListensOnAUnixSocketAndRemovesIt) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("socket");
  Process process({LARIAT_BINARY, "receive", "tsdp+unix://" + path});
  EXPECT_EQ(process.line(Process::Stream::kErr), "listening on tsdp+unix://" + path);
  process.signal(SIGTERM);
  EXPECT_EQ(process.wait(), 0);
  EXPECT_NE(::access(path.c_str(), F_OK), 0);
}

TEST(Receive, FailsIfItCannotListen) {
  const Receive first({});
  Process second({LARIAT_BINARY, "receive", "tsdp://127.0.0.1:" + std::to_string(first.port())});
  EXPECT_EQ(second.wait(), 1);
  EXPECT_THAT(second.text(Process::Stream::kErr), HasSubstr("error: "));
  EXPECT_EQ(second.text(Process::Stream::kOut), "");
}

TEST(Receive, RefusesWrongUse) {
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {}, {"here"}, {"tsdp://a", "--json", "--raw", "x"}, {"tsdp://a", "--count", "0"}}) {
    std::vector<std::string> all{LARIAT_BINARY, "receive"};
    all.insert(all.end(), words.begin(), words.end());
    Process process(all);
    EXPECT_EQ(process.wait(), 2) << testing::PrintToString(words);
    EXPECT_THAT(process.text(Process::Stream::kErr), StartsWith("lariat")) << "a sentence says why";
  }
}

TEST(Receive, EndsWhenNobodyReadsItsOutput) {
  const std::string command =
      std::string(LARIAT_BINARY) + " receive tsdp://127.0.0.1:0 | head -n 1";
  Process shell({"sh", "-c", command});
  const auto line = shell.line(Process::Stream::kErr);
  ASSERT_TRUE(line);
  Process sender(
      {LARIAT_BINARY, "send", line->substr(line->rfind(' ') + 1), "sample", "a b=c", "1"});
  EXPECT_EQ(shell.wait(), 0) << "without another frame";
  EXPECT_EQ(lines_in(shell.text(Process::Stream::kOut)), 1U);
}

// Nobody reads the process's output until the test waits for something of it.
TEST(Receive, ASlowReaderSlowsThePeerAndCostsNoMemory) {
#ifdef LARIAT_SANITIZED
  constexpr std::uint64_t kMaxResidentKib = 256 * 1024;
#else
  constexpr std::uint64_t kMaxResidentKib = 48 * 1024;
#endif
  constexpr int kSlowed = 1000;  // Milliseconds in which the peer can send nothing.
  Receive receive({"--json"});
  const auto peer = receive.connect();
  ASSERT_EQ(::fcntl(peer.get(), F_SETFL, O_NONBLOCK), 0);
  std::string batch;
  for (int i = 0; i < 1000; ++i) batch += sample(i);
  std::uint64_t taken = 0;
  for (pollfd ready{.fd = peer.get(), .events = POLLOUT, .revents = 0};
       ::poll(&ready, 1, kSlowed) == 1;) {
    const auto at = static_cast<std::size_t>(taken % batch.size());
    const ssize_t put = ::send(peer.get(), batch.data() + at, batch.size() - at, MSG_NOSIGNAL);
    ASSERT_GT(put, 0);
    taken += static_cast<std::uint64_t>(put);
    ASSERT_LT(taken, std::uint64_t{256} << 20U) << "the peer is never slowed";
  }
  EXPECT_LT(status_number(receive.process.pid(), "VmRSS"), kMaxResidentKib);

  const std::uint64_t whole = taken / sample(0).size();
  for (std::uint64_t i = 0; i < whole; ++i) {
    const auto line = receive.process.line(Process::Stream::kOut);
    ASSERT_TRUE(line) << i << " of " << whole;
    ASSERT_THAT(*line, EndsWith("[" + std::to_string(i % 1000) + "]}"));
  }
}

TEST(Receive, EndsOnASignalThoughItsReaderIsStuck) {
  const TemporaryDirectory directory;
  const std::string fifo = directory.file("fifo");
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  const base::UniqueFd reader(::open(fifo.c_str(), O_RDWR | O_CLOEXEC));
  Receive receive({"--raw", fifo});
  const auto peer = receive.connect();
  std::string batch;
  for (int i = 0; i < 3000; ++i) batch += sample(i);  // More than a pipe holds.
  send(peer, batch);
  ASSERT_TRUE(wait_until([&] {
    int held = 0;
    return ::ioctl(reader.get(), FIONREAD, &held) == 0 && held > 60'000;
  }));
  receive.process.signal(SIGTERM);
  EXPECT_EQ(receive.process.wait(), 0);
  EXPECT_THAT(receive.process.text(Process::Stream::kErr), HasSubstr("were not taken by their"));
}

TEST(Receive, SurvivesBeingOutOfDescriptors) {
  constexpr int kPeers = 60;
  Process shell({"sh", "-c",
                 "ulimit -n 32; exec " + std::string(LARIAT_BINARY) +
                     " receive tsdp://127.0.0.1:0 --quiet --count " + std::to_string(kPeers)});
  const auto line = shell.line(Process::Stream::kErr);
  ASSERT_TRUE(line);
  const auto port = static_cast<std::uint16_t>(std::stoul(line->substr(line->rfind(':') + 1)));
  std::vector<base::UniqueFd> peers;
  for (int i = 0; i < kPeers; ++i) {
    peers.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(::connect(peers.back().get(), reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
    send(peers.back(), sample(i));
  }
  for (auto& peer : peers) peer.reset();  // Now each gets its turn.
  EXPECT_EQ(shell.wait(), 0);
  EXPECT_THAT(shell.text(Process::Stream::kOut), StartsWith("received 60 frames, "));
}

}  // namespace
}  // namespace lariat::test
