#include "agent/net/socket_options.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <chrono>

namespace lariat::net {
namespace {

int option(const base::UniqueFd& socket, int level, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  EXPECT_EQ(::getsockopt(socket.get(), level, name, &value, &size), 0);
  return value;
}

TEST(PeerOptions, BoundWhatWaitsAndFindTheDead) {
  const auto socket = stream_socket(AF_INET);
  const int send_buffer = option(socket, SOL_SOCKET, SO_SNDBUF);
  set_peer_options(socket.get(), {.stall_timeout = std::chrono::seconds(10)});
  EXPECT_EQ(option(socket, IPPROTO_TCP, TCP_NOTSENT_LOWAT), 128 * 1024);
  EXPECT_EQ(option(socket, IPPROTO_TCP, TCP_NODELAY), 1);
  EXPECT_EQ(option(socket, SOL_SOCKET, SO_KEEPALIVE), 1);
  EXPECT_EQ(option(socket, IPPROTO_TCP, TCP_KEEPIDLE), 60);
  EXPECT_EQ(option(socket, IPPROTO_TCP, TCP_KEEPINTVL), 15);
  EXPECT_EQ(option(socket, IPPROTO_TCP, TCP_KEEPCNT), 4);
  EXPECT_EQ(option(socket, IPPROTO_TCP, TCP_USER_TIMEOUT), 40'000);
  EXPECT_EQ(option(socket, SOL_SOCKET, SO_SNDBUF), send_buffer) << "left to the system";
}

TEST(PeerOptions, HaveALimitForEveryStallTimeout) {
  const auto socket = stream_socket(AF_INET);
  set_peer_options(socket.get(), {.stall_timeout = std::chrono::hours(10'000)});
  EXPECT_GT(option(socket, IPPROTO_TCP, TCP_USER_TIMEOUT), 2'000'000'000);
  set_peer_options(socket.get(), {.stall_timeout = std::chrono::seconds(0)});
  EXPECT_EQ(option(socket, IPPROTO_TCP, TCP_USER_TIMEOUT), 0);
}

TEST(PeerOptions, LeaveAUnixSocketAlone) {
  const auto socket = stream_socket(AF_UNIX);
  set_peer_options(socket.get(), {});
  EXPECT_EQ(option(socket, SOL_SOCKET, SO_KEEPALIVE), 0);
}

}  // namespace
}  // namespace lariat::net
