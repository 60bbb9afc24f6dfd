#include "collectors/statsd/server.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <stdexcept>
#include <utility>

#include "collectors/statsd/line.h"

namespace lariat::statsd {
namespace {

constexpr std::size_t kBatch = 64;
// A datagram cannot be longer.
constexpr std::size_t kDatagramBytes = std::size_t{64} << 10U;
// Batches of one socket before the others, and the ticks, get their turn.
constexpr int kBatchesATurn = 16;
constexpr timespec kGather{.tv_sec = 0, .tv_nsec = 100'000};
constexpr std::size_t kReadBytes = std::size_t{64} << 10U;
// Tokens from here on are connections, below are listeners.
constexpr std::uint64_t kFirstConnection = 1U << 16U;

}  // namespace

/// Room for a batch of datagrams. Of the pages only those are there that a datagram has touched.
class Server::Datagrams {
 public:
  Datagrams()
      : octets_(static_cast<char*>(::mmap(nullptr, kBatch * kDatagramBytes, PROT_READ | PROT_WRITE,
                                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0))) {
    if (octets_ == MAP_FAILED) throw std::bad_alloc();
    for (std::size_t i = 0; i < kBatch; ++i) {
      parts_[i] = {octets_ + i * kDatagramBytes, kDatagramBytes};
      headers_[i].msg_hdr.msg_iov = &parts_[i];
      headers_[i].msg_hdr.msg_iovlen = 1;
    }
  }
  Datagrams(const Datagrams&) = delete;
  Datagrams& operator=(const Datagrams&) = delete;
  ~Datagrams() { ::munmap(octets_, kBatch * kDatagramBytes); }

  // How many came; 0 if none is there.
  [[nodiscard]] std::size_t receive(int socket) noexcept {
    const int got = ::recvmmsg(socket, headers_.data(), kBatch, MSG_DONTWAIT, nullptr);
    return got < 0 ? 0 : static_cast<std::size_t>(got);
  }
  [[nodiscard]] std::string_view text(std::size_t i) const noexcept {
    return {octets_ + i * kDatagramBytes, headers_[i].msg_len};
  }
  // There was more of it: a socket of a path takes what is longer than any of UDP.
  [[nodiscard]] bool is_cut(std::size_t i) const noexcept {
    return (headers_[i].msg_hdr.msg_flags & MSG_TRUNC) != 0;
  }

 private:
  char* octets_;
  std::array<iovec, kBatch> parts_{};
  std::array<mmsghdr, kBatch> headers_{};
};

Server::Server(Take take)
    : take_(std::move(take)),
      poll_(::epoll_create1(EPOLL_CLOEXEC)),
      datagrams_(new Datagrams, [](Datagrams* gone) { delete gone; }),
      room_(kReadBytes) {}

std::string Server::listen(const Address& address, std::string& told) {
  auto listener = std::make_unique<Listener>();
  listener->transport = address.transport;
  if (std::string fault = listen_at(address, listener->socket); !fault.empty()) return fault;
  told = to_string(address, listener->socket);
  watch(listener->socket.get(), listeners_.size());
  listeners_.push_back(std::move(listener));
  return {};
}

void Server::serve(int input) {
  wake_resting();
  while (true) {
    std::array<pollfd, 2> entries = {pollfd{.fd = input, .events = POLLIN, .revents = 0},
                                     pollfd{.fd = poll_.get(), .events = POLLIN, .revents = 0}};
    if (::poll(entries.data(), entries.size(), -1) < 0 && errno != EINTR) return;
    if (entries[1].revents != 0) turn();
    if (entries[0].revents != 0) return;
  }
}

void Server::serve_for(std::chrono::milliseconds time) {
  wake_resting();
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + time;
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
    if (left <= 0) return;
    pollfd entry{.fd = poll_.get(), .events = POLLIN, .revents = 0};
    if (::poll(&entry, 1, static_cast<int>(left)) < 0 && errno != EINTR) return;
    if (entry.revents != 0) turn();
  }
}

const Traffic& Server::traffic() noexcept {
  for (const auto& listener : listeners_) {
    if (listener->transport == Address::Transport::kTcp) continue;
    const std::uint32_t drops = kernel_drops(listener->socket);
    traffic_.dropped += drops - listener->drops;  // Their difference, also when they have wrapped.
    listener->drops = drops;
  }
  return traffic_;
}

void Server::watch(int descriptor, std::uint64_t token) const {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = token;
  ::epoll_ctl(poll_.get(), EPOLL_CTL_ADD, descriptor, &event);
}

void Server::turn() {
  std::array<epoll_event, 64> events;
  const int count = ::epoll_wait(poll_.get(), events.data(), static_cast<int>(events.size()), 0);
  for (int i = 0; i < count; ++i) {
    const std::uint64_t token = events[static_cast<std::size_t>(i)].data.u64;
    if (token >= kFirstConnection) {
      auto& connection = connections_[token - kFirstConnection];
      if (connection == nullptr || read_some(*connection)) continue;
      connection.reset();
      --traffic_.connected;
    } else if (listeners_[token]->transport == Address::Transport::kTcp) {
      accept_some(*listeners_[token]);
    } else {
      read_datagrams(*listeners_[token]);
    }
  }
}

// Out of descriptors, say: it would wake us again at once, and nothing would be the better for it.
void Server::rest(Listener& listener) noexcept {
  ::epoll_ctl(poll_.get(), EPOLL_CTL_DEL, listener.socket.get(), nullptr);
  listener.resting = true;
}

void Server::wake_resting() {
  for (std::size_t i = 0; i < listeners_.size(); ++i) {
    if (std::exchange(listeners_[i]->resting, false)) watch(listeners_[i]->socket.get(), i);
  }
}

void Server::take_datagram(std::size_t place) {
  const std::string_view text = datagrams_->text(place);
  if (!datagrams_->is_cut(place)) {
    take_(text);
    return;
  }
  ++traffic_.cut;
  take_(text.substr(0, text.rfind('\n') + 1));
}

void Server::read_datagrams(const Listener& listener) {
  for (int batch = 0; batch < kBatchesATurn; ++batch) {
    const std::size_t count = datagrams_->receive(listener.socket.get());
    for (std::size_t i = 0; i < count; ++i) take_datagram(i);
    traffic_.packets += count;
    // Where several were there at once more are on their way: that they may gather saves calls. In
    // so short a time no more come than the least receive buffer holds.
    if (count < 2) return;
    if (count < kBatch) ::clock_nanosleep(CLOCK_MONOTONIC, 0, &kGather, nullptr);
  }
}

void Server::accept_some(Listener& listener) {
  for (std::size_t i = 0; i < kBatch; ++i) {
    Socket socket(::accept4(listener.socket.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!socket) {
      const bool again = errno == EAGAIN || errno == EINTR || errno == ECONNABORTED;
      if (!again) rest(listener);
      return;
    }
    const std::size_t place = make_room();
    // So that a peer whose machine has gone does not keep its place for ever.
    const int yes = 1;
    ::setsockopt(socket.get(), SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes);
    ++traffic_.connections;
    ++traffic_.connected;
    watch(socket.get(), kFirstConnection + place);
    connections_.at(place) = std::make_unique<Connection>();
    connections_.at(place)->socket = std::move(socket);
    connections_.at(place)->heard = ++readings_;
  }
}

// A free place, if need be that of the connection which was silent for longest.
std::size_t Server::make_room() {
  const auto place = std::ranges::min_element(connections_, {}, [](const auto& connection) {
    return connection == nullptr ? 0 : connection->heard;
  });
  if (*place != nullptr) {
    place->reset();
    --traffic_.connected;
    ++traffic_.displaced;
  }
  return static_cast<std::size_t>(place - connections_.begin());
}

bool Server::read_some(Connection& connection) {
  const ssize_t got = ::recv(connection.socket.get(), room_.data(), room_.size(), MSG_DONTWAIT);
  if (got > 0) {
    connection.heard = ++readings_;
    take_octets(connection, {room_.data(), static_cast<std::size_t>(got)});
    return true;
  }
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return true;
  // Of one that broke nobody knows how the line goes on.
  if (got == 0 && !connection.rest.empty()) take_(connection.rest);
  return false;
}

void Server::take_octets(Connection& connection, std::string_view octets) {
  std::string& rest = connection.rest;
  if (!rest.empty()) {
    const std::size_t end = octets.find('\n');
    // One octet over what may be says that it is too long; more of it is not kept.
    rest += octets.substr(0, std::min(end, kMostLine + 1 - rest.size()));
    if (end == octets.npos) return;
    take_(rest);
    rest.clear();
    octets.remove_prefix(end + 1);
  }
  const std::size_t whole = octets.rfind('\n') + 1;  // 0 if there is none.
  if (whole > 0) take_(octets.substr(0, whole));
  rest = octets.substr(whole, kMostLine + 1);
}

}  // namespace lariat::statsd
