#include "tests/unit/net/loopback.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <cerrno>
#include <filesystem>

#include "agent/net/socket_options.h"

namespace lariat::test {
namespace {

base::UniqueFd listen_at(const net::Address& address, int backlog) {
  auto socket = net::stream_socket(address.family());
  EXPECT_EQ(::bind(socket.get(), address.data(), address.size), 0) << address.text();
  EXPECT_EQ(::listen(socket.get(), backlog), 0);
  return socket;
}

}  // namespace

TemporaryFolder::TemporaryFolder() {
  folder_ = (std::filesystem::temp_directory_path() / "lariat-net-XXXXXX").string();
  EXPECT_NE(::mkdtemp(folder_.data()), nullptr);
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

base::UniqueFd listen_on(const std::string& host, std::uint16_t port, int backlog) {
  return listen_at(*net::Address::from_literal(host, port), backlog);
}

base::UniqueFd listen_on_path(const std::string& path, int backlog) {
  return listen_at(*net::Address::from_path(path), backlog);
}

std::uint16_t port_of(int fd) { return net::Address::local(fd)->port(); }

std::uint16_t free_port() { return port_of(listen_on("127.0.0.1").get()); }

base::UniqueFd begin_connect(const net::Address& address) {
  auto socket = net::stream_socket(address.family());
  if (::connect(socket.get(), address.data(), address.size) != 0) {
    EXPECT_EQ(errno, EINPROGRESS) << address.text();
  }
  return socket;
}

std::pair<base::UniqueFd, base::UniqueFd> connect_pair(int listener) {
  auto near = begin_connect(*net::Address::local(listener));
  pollfd ready{.fd = listener, .events = POLLIN};
  EXPECT_EQ(::poll(&ready, 1, 5000), 1);
  base::UniqueFd far(::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  EXPECT_TRUE(far);
  return {std::move(near), std::move(far)};
}

BlackHole::BlackHole() : listener_(listen_on("127.0.0.1", 0, 0)) {
  for (int i = 0; i < 3; ++i) {
    crowd_.push_back(begin_connect(*net::Address::local(listener_.get())));
    pollfd connected{.fd = crowd_.back().get(), .events = POLLOUT};
    if (::poll(&connected, 1, 50) == 0) return;
  }
  ADD_FAILURE() << "the kernel takes more connections than it was told to";
}

bool have_ipv6() {
  const auto address = *net::Address::from_literal("::1", 0);
  const auto socket = net::stream_socket(AF_INET6);
  return socket && ::bind(socket.get(), address.data(), address.size) == 0;
}

}  // namespace lariat::test
