#pragma once

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <span>
#include <string>
#include <vector>

#include "agent/base/log.h"
#include "agent/base/unique_fd.h"
#include "agent/loop/loop.h"
#include "agent/loop/timer.h"
#include "agent/net/resolver.h"
#include "agent/publish/publisher.h"
#include "tests/support/frames.h"

namespace lariat::publish {

/// A socket that listens on loopback, and the connection it has accepted last.
class Peer {
 public:
  Peer() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;
    const auto* any = reinterpret_cast<const sockaddr*>(&address);
    EXPECT_EQ(::bind(listener_.get(), any, size), 0);
    EXPECT_EQ(::listen(listener_.get(), 8), 0);
    ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    url_ = base::Url{.scheme = "tsdp", .host = "127.0.0.1", .port = ntohs(address.sin_port)};
  }

  [[nodiscard]] const base::Url& url() const { return url_; }
  bool accept() {
    const int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return false;
    connection_.reset(fd);
    received_.clear();
    return true;
  }
  /// Reads what is there; all octets of this connection so far.
  const std::vector<std::byte>& read() {
    std::vector<std::byte> piece(1U << 18U);
    ssize_t got = 0;
    while ((got = ::recv(connection_.get(), piece.data(), piece.size(), MSG_DONTWAIT)) > 0) {
      received_.insert(received_.end(), piece.begin(), piece.begin() + got);
    }
    closed_ = got == 0;
    return received_;
  }
  /// Reads what is there and keeps nothing.
  void discard(std::span<std::byte> buffer) const {
    while (::recv(connection_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT) > 0) {
    }
  }
  std::vector<std::uint64_t> numbers() { return test::numbers_in(read()); }
  void send(const std::vector<std::byte>& octets) {
    ASSERT_EQ(::send(connection_.get(), octets.data(), octets.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(octets.size()));
  }
  void close() { connection_.reset(); }
  void stop_listening() { listener_.reset(); }
  [[nodiscard]] bool closed() const { return closed_; }

 private:
  base::UniqueFd listener_;
  base::UniqueFd connection_;
  base::Url url_;
  std::vector<std::byte> received_;
  bool closed_ = false;
};

/// A publisher on a private loop, driven until something is so.
class EndpointTest : public testing::Test {
 protected:
  Endpoint& add(const Peer& peer, std::chrono::milliseconds heartbeat = {}) {
    EndpointConfig config{.name = "e" + std::to_string(publisher_.endpoints().size()),
                          .url = peer.url(),
                          .back_off_min = std::chrono::milliseconds(1),
                          .back_off_max = std::chrono::milliseconds(20),
                          .heartbeat = heartbeat};
    return publisher_.add(std::move(config));
  }
  void publish(std::uint64_t count, std::size_t padding = 0) {
    for (std::uint64_t i = 0; i < count; ++i) {
      ASSERT_TRUE(publisher_.publish(test::numbered_frame(number_++, 0, padding)));
    }
  }
  /// Turns the loop until `holds`, at most ten seconds.
  template <typename Predicate>
  [[nodiscard]] bool until(Predicate holds) {
    bool late = false;
    loop::Timer deadline(loop_, [&] { late = true; });
    deadline.start(std::chrono::seconds(10));
    loop::Timer look(loop_, [] {});
    while (!holds() && !late) {
      look.start(std::chrono::milliseconds(1));
      loop_.run_once();
    }
    return !late;
  }
  void turn() { loop_.run_ready(); }
  /// What the invariant says of the watcher, while the loop sleeps.
  static void expect_invariant(const Endpoint& endpoint) {
    EXPECT_EQ(endpoint.write_watcher().active, endpoint.connected() && endpoint.lag() > 0);
    EXPECT_EQ(endpoint.stats().write_wakeups_empty, 0U);
  }

  std::vector<std::string> lines_;
  base::Log log_lines_{[this](base::Level, std::string_view line) { lines_.emplace_back(line); }};
  loop::Loop loop_;
  net::Resolver resolver_{loop_};
  Publisher publisher_{
      loop_, resolver_, log_lines_, {.memory_bytes = 4U << 20U, .segment_bytes = 256U << 10U}};
  std::uint64_t number_ = 0;
};

}  // namespace lariat::publish
