#include "tests/bench/peers.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <thread>
#include <utility>

#include "agent/net/peer.h"
#include "agent/net/socket_options.h"
#include "tests/bench/arguments.h"

namespace lariat::bench {
namespace {

base::UniqueFd connect_to(std::uint16_t port) {
  constexpr int kPatience = 5'000;  // Milliseconds.
  auto socket = net::stream_socket(AF_INET);
  if (!socket) fail("socket", errno);
  net::set_peer_options(socket.get(), {});
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  if (::connect(socket.get(), generic, sizeof address) != 0 && errno != EINPROGRESS) {
    fail("connect", errno);
  }
  pollfd wait{.fd = socket.get(), .events = POLLOUT};
  if (::poll(&wait, 1, kPatience) != 1) fail("connect", ETIMEDOUT);
  if (const int error = net::take_error(socket.get())) fail("connect", error);
  return socket;
}

}  // namespace

Peers::Peers(std::span<const std::uint16_t> ports) : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (!epoll_) fail("epoll_create1", errno);
  for (const auto port : ports) {
    sockets_.push_back(connect_to(port));
    epoll_event nothing{.events = EPOLLONESHOT, .data = {.u64 = sockets_.size() - 1}};
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, sockets_.back().get(), &nothing) != 0) {
      fail("epoll_ctl", errno);
    }
  }
  events_.resize(sockets_.size());
  writable_.reserve(sockets_.size());
}

std::size_t Peers::send(std::size_t peer, std::span<const std::byte> bytes) {
  ++sends_;
  for (;;) {
    const auto sent = ::send(sockets_[peer].get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) return static_cast<std::size_t>(sent);
    if (errno == EAGAIN) return 0;
    if (errno != EINTR) fail("send", errno);
  }
}

void Peers::await_writable(std::size_t peer) {
  ++stalls_;
  epoll_event event{.events = EPOLLOUT | EPOLLONESHOT, .data = {.u64 = peer}};
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, sockets_[peer].get(), &event) != 0) {
    fail("epoll_ctl", errno);
  }
}

std::span<const std::size_t> Peers::wait_writable() {
  writable_.clear();
  int count = -1;
  do {
    count = ::epoll_wait(epoll_.get(), events_.data(), static_cast<int>(events_.size()), -1);
  } while (count < 0 && errno == EINTR);
  if (count < 0) fail("epoll_wait", errno);
  for (int i = 0; i < count; ++i) {
    writable_.push_back(events_[static_cast<std::size_t>(i)].data.u64);
  }
  return writable_;
}

void Peers::wait_acknowledged() const {
  for (const auto& socket : sockets_) {
    while (net::unacknowledged(socket.get()).value_or(0) != 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
}

}  // namespace lariat::bench
