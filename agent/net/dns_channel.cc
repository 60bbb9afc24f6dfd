#include "agent/net/dns_channel.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/time.h>

#include <algorithm>
#include <utility>

namespace lariat::net {

struct DnsChannel::Query {
  DnsChannel& channel;
  std::string host;
  std::uint16_t port;
  std::weak_ptr<Answer> answer;
};

namespace {

std::vector<Address> addresses_in(const ares_addrinfo& found, std::uint16_t port) {
  std::vector<Address> addresses;
  for (const auto* node = found.nodes; node != nullptr; node = node->ai_next) {
    auto address = Address::from_kernel(node->ai_addr, node->ai_addrlen);
    if (!address) continue;
    address->set_port(port);
    addresses.push_back(*address);
  }
  return addresses;
}

}  // namespace

DnsChannel::Socket::Socket(loop::Loop& loop, DnsChannel& channel)
    : readable(loop, loop::CallbackKind::kRead,
               [this, &channel] { channel.process(fd, ARES_SOCKET_BAD); }),
      writable(loop, loop::CallbackKind::kWrite,
               [this, &channel] { channel.process(ARES_SOCKET_BAD, fd); }) {}

std::shared_ptr<DnsChannel> DnsChannel::make(loop::Loop& loop, const ResolverOptions& options,
                                             int& status) {
  std::shared_ptr<DnsChannel> made(new DnsChannel(loop));
  std::string resolv_conf = options.resolv_conf;
  ares_options wanted{};
  wanted.timeout = static_cast<int>(options.timeout.count());
  wanted.tries = options.tries;
  wanted.udp_port = options.port;
  wanted.tcp_port = options.port;
  wanted.resolvconf_path = resolv_conf.data();
  wanted.sock_state_cb_data = made.get();
  wanted.sock_state_cb = [](void* self, ares_socket_t fd, int read, int write) noexcept {
    static_cast<DnsChannel*>(self)->socket_changed(fd, read != 0, write != 0);
  };
  status =
      ::ares_init_options(&made->channel_, &wanted,
                          ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_UDP_PORT |
                              ARES_OPT_TCP_PORT | ARES_OPT_RESOLVCONF | ARES_OPT_SOCK_STATE_CB);
  if (status != ARES_SUCCESS) made->channel_ = nullptr;
  if (status == ARES_SUCCESS && !options.name_servers.empty()) {
    status = ::ares_set_servers_ports_csv(made->channel_, options.name_servers.c_str());
  }
  if (status != ARES_SUCCESS) made.reset();
  return made;
}

DnsChannel::DnsChannel(loop::Loop& loop)
    : loop_(loop), timer_(loop, [this] { process(ARES_SOCKET_BAD, ARES_SOCKET_BAD); }) {}

DnsChannel::~DnsChannel() {
  for (const auto& query : queries_) query->answer.reset();
  if (channel_ != nullptr) ::ares_destroy(channel_);
}

void DnsChannel::query(const std::string& host, std::uint16_t port,
                       const std::shared_ptr<Answer>& answer) {
  auto& query = *queries_.emplace_back(
      new Query{.channel = *this, .host = host, .port = port, .answer = answer});
  const ares_addrinfo_hints hints{.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
  ::ares_getaddrinfo(
      channel_, host.c_str(), nullptr, &hints,
      [](void* asked, int status, int, ares_addrinfo* found) noexcept {
        auto& mine = *static_cast<Query*>(asked);
        mine.channel.answered(mine, status, found);
      },
      &query);
  arm_timer();
}

void DnsChannel::release_unwanted() noexcept {
  const bool unwanted = std::all_of(queries_.begin(), queries_.end(),
                                    [](const auto& query) { return query->answer.expired(); });
  if (queries_.empty() || !unwanted) return;
  ::ares_cancel(channel_);
  arm_timer();
}

void DnsChannel::socket_changed(int fd, bool read, bool write) {
  auto holds = [](int wanted) {
    return [wanted](const auto& socket) { return socket->fd == wanted; };
  };
  auto found = std::find_if(sockets_.begin(), sockets_.end(), holds(fd));
  if (found == sockets_.end()) {
    if (!read && !write) return;
    found = std::find_if(sockets_.begin(), sockets_.end(), holds(-1));
    if (found == sockets_.end()) {
      sockets_.push_back(std::make_unique<Socket>(loop_, *this));
      found = std::prev(sockets_.end());
    }
    (*found)->fd = fd;
    (*found)->readable.watch(fd);
    (*found)->writable.watch(fd);
  }
  auto& socket = **found;
  socket.readable.set_active(read);
  socket.writable.set_active(write);
  if (read || write) return;
  // c-ares tells before it closes.
  socket.readable.watch(-1);
  socket.writable.watch(-1);
  socket.fd = -1;
}

void DnsChannel::process(int read_fd, int write_fd) {
  ::ares_process_fd(channel_, read_fd, write_fd);
  arm_timer();
}

void DnsChannel::arm_timer() noexcept {
  timeval room{};
  const timeval* left = ::ares_timeout(channel_, nullptr, &room);
  if (left == nullptr) {
    timer_.stop();
  } else {
    timer_.start(std::chrono::seconds(left->tv_sec) + std::chrono::microseconds(left->tv_usec));
  }
}

void DnsChannel::answered(Query& query, int status, ares_addrinfo* found) {
  const auto answer = query.answer.lock();
  const std::unique_ptr<ares_addrinfo, decltype(&::ares_freeaddrinfo)> owned(found,
                                                                             ::ares_freeaddrinfo);
  if (answer) {
    auto addresses = owned ? addresses_in(*owned, query.port) : std::vector<Address>{};
    if (status == ARES_SUCCESS && !addresses.empty()) {
      (*answer)(std::move(addresses));
    } else {
      const auto* why = status == ARES_SUCCESS ? "it has none" : ::ares_strerror(status);
      (*answer)(base::Error{fmt::format("cannot find an address of \"{}\": {}", query.host, why)});
    }
  }
  std::erase_if(queries_, [&query](const auto& held) { return held.get() == &query; });
}

}  // namespace lariat::net
