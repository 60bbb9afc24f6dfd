#include "agent/app/receiver.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/encode.h"
#include "tests/support/vectors.h"

namespace lariat::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string sample(double value) {
  std::array<std::byte, proto::kEncodeBufferSize> room;
  const std::array values{value};
  const auto encoded = proto::encode_sample(room, "cpu host=a", 1700000000, values);
  return test::as_text(std::span(room).first(encoded.size));
}

/// A receiver that prints into a pipe, and peers that are plain sockets.
class ReceiverTest : public testing::Test {
 protected:
  void start(const Receiver::Options& options) {
    ASSERT_EQ(::pipe2(ends_.data(), O_CLOEXEC | O_NONBLOCK), 0);
    reader_.reset(ends_[0]);
    writer_.reset(ends_[1]);
    output_.emplace(loop_, ends_[1],
                    Output::Events{.on_drained = [this] { receiver_->resume(); },
                                   .on_failed = [this](int) { receiver_->close(); }});
    receiver_.emplace(
        loop_, *output_, options,
        Receiver::Events{
            .on_trouble = [this](std::string_view line) { troubles_.emplace_back(line); },
            .on_count = [this] { counted_ = true; }});
    const auto url = receiver_->listen({.scheme = "tsdp", .host = "127.0.0.1"});
    ASSERT_TRUE(url);
    port_ = url->port;
  }

  base::UniqueFd connect() const {
    base::UniqueFd peer(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port_);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(peer.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
    return peer;
  }
  static void send(const base::UniqueFd& peer, std::string_view octets) {
    EXPECT_EQ(::send(peer.get(), octets.data(), octets.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(octets.size()));
  }
  // Turns until it is so; a loop that sleeps is woken by the peers.
  void run_until(const std::function<bool()>& so) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!so() && std::chrono::steady_clock::now() < deadline) loop_.run_ready();
    EXPECT_TRUE(so());
  }
  void run_until_gone() {
    run_until([this] { return receiver_->connections() == 0; });
  }
  std::string printed() {
    std::array<char, 65536> room;
    for (;;) {
      const ssize_t got = ::read(reader_.get(), room.data(), room.size());
      if (got <= 0) return printed_;
      printed_.append(room.data(), static_cast<std::size_t>(got));
    }
  }

  std::array<int, 2> ends_{};
  base::UniqueFd reader_;
  base::UniqueFd writer_;
  loop::Loop loop_;
  std::optional<Output> output_;
  std::optional<Receiver> receiver_;
  std::uint16_t port_ = 0;
  std::vector<std::string> troubles_;
  bool counted_ = false;
  std::string printed_;
};

TEST_F(ReceiverTest, PrintsTheMessagesOfSeveralPeersWhole) {
  start({});
  const auto a = connect();
  const auto b = connect();
  const std::string one = sample(1);
  send(a, one.substr(0, 10));
  run_until([this] { return receiver_->connections() == 2 && receiver_->counts().bytes == 10; });
  send(b, sample(2));
  run_until([this] { return receiver_->counts().frames == 1; });
  send(a, one.substr(10));
  run_until([this] { return receiver_->counts().frames == 2; });
  loop_.run_ready();
  EXPECT_EQ(printed(), "sample 1700000000 cpu host=a 2\nsample 1700000000 cpu host=a 1\n");
}

TEST_F(ReceiverTest, ClosesAPeerThatStopsInTheMiddleOfAMessage) {
  start({.stall_timeout = std::chrono::milliseconds(20)});
  const auto peer = connect();
  send(peer, sample(1) + "\x11");
  run_until([this] { return receiver_->counts().frames == 1; });
  run_until_gone();
  EXPECT_EQ(receiver_->counts().truncated, 1U);
  ASSERT_EQ(troubles_.size(), 1U);
  EXPECT_THAT(troubles_[0], HasSubstr("nothing came for 20ms in the middle of a message"));
}

TEST_F(ReceiverTest, LeavesASilentPeerBetweenMessagesAlone) {
  start({.stall_timeout = std::chrono::milliseconds(20)});
  const auto peer = connect();
  send(peer, sample(1));
  run_until([this] { return receiver_->counts().frames == 1; });
  const auto later = std::chrono::steady_clock::now() + std::chrono::milliseconds(100);
  while (std::chrono::steady_clock::now() < later) loop_.run_ready();
  EXPECT_EQ(receiver_->connections(), 1U);
  EXPECT_THAT(troubles_, IsEmpty());
}

TEST_F(ReceiverTest, TellsEachReasonOncePerPeerAndCountsAll) {
  start({});
  auto peer = connect();
  const std::string bad("\x11\x00\x00\x20\xf0\x00", 6);  // A FACT of one NIL.
  send(peer, bad + bad + sample(1) + bad);
  peer.reset();
  run_until([this] { return receiver_->counts().invalid == 3; });
  EXPECT_EQ(receiver_->counts().frames, 1U);
  ASSERT_EQ(troubles_.size(), 1U);
  EXPECT_THAT(troubles_[0], HasSubstr(": arity;"));
}

TEST_F(ReceiverTest, ClosesAStreamThatIsLost) {
  start({});
  const auto peer = connect();
  send(peer, sample(1) + "GET / HTTP/1.1\r\n");
  run_until([this] { return receiver_->counts().invalid == 1; });
  run_until_gone();
  ASSERT_EQ(troubles_.size(), 1U);
  EXPECT_THAT(troubles_[0], HasSubstr("(version)"));
}

TEST_F(ReceiverTest, TellsAStreamThatEndsInTheMiddle) {
  start({});
  auto peer = connect();
  send(peer, sample(1).substr(0, 7));
  peer.reset();
  run_until([this] { return receiver_->counts().truncated == 1; });
  run_until_gone();
  EXPECT_THAT(troubles_, ElementsAre(HasSubstr("ended in the middle of a message")));
}

TEST_F(ReceiverTest, EndsAfterItsCountAndTakesNoMore) {
  start({.form = Receiver::Form::kJson, .count = 2});
  const auto peer = connect();
  std::array<std::byte, proto::kHeartbeatSize> beat;
  proto::encode_heartbeat(beat, 1700000000, 0);
  send(peer, test::as_text(beat) + sample(1) + sample(2) + sample(3));
  run_until([this] { return counted_; });
  loop_.run_ready();
  EXPECT_EQ(receiver_->counts().frames, 2U);
  EXPECT_EQ(receiver_->counts().heartbeats, 1U);
  EXPECT_THAT(printed(), testing::EndsWith("\"values\":[2]}\n"));
}

TEST_F(ReceiverTest, ReadsNobodyWhileTheOutputIsBlocked) {
  start({.form = Receiver::Form::kRaw});
  const auto peer = connect();
  ASSERT_EQ(::fcntl(peer.get(), F_SETFL, O_NONBLOCK), 0);
  std::string batch;
  for (int i = 0; i < 1000; ++i) batch += sample(i);

  std::string sent;  // Until neither side takes any more: what the kernel holds, and one read.
  for (int idle = 0; idle < 100;) {
    const std::string_view rest = std::string_view(batch).substr(sent.size() % batch.size());
    const ssize_t put = ::send(peer.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
    if (put > 0) sent += rest.substr(0, static_cast<std::size_t>(put));
    idle = put > 0 ? 0 : idle + 1;
    loop_.run_ready();
    ASSERT_LT(sent.size(), std::size_t{64} << 20U) << "nothing ever slows the peer";
  }
  EXPECT_TRUE(output_->blocked());
  EXPECT_LT(output_->pending(), std::size_t{1} << 20U);

  run_until([&] { return printed().size() + batch.size() > sent.size(); });
  EXPECT_TRUE(sent.starts_with(printed_.substr(0, sent.size())));
}

}  // namespace
}  // namespace lariat::app
