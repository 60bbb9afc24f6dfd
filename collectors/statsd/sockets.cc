#include "collectors/statsd/sockets.h"

#include <linux/sock_diag.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <system_error>

namespace lariat::statsd {
namespace {

using Transport = Address::Transport;

constexpr int kBacklog = 128;
constexpr int kBufferBytes = 32 << 20;

std::string why(std::string_view what, std::string_view text, int number) {
  return std::string(what) + ' ' + std::string(text) + ": " +
         std::generic_category().message(number);
}

std::string_view scheme_of(Transport transport) noexcept {
  if (transport == Transport::kUdp) return "udp://";
  return transport == Transport::kTcp ? "tcp://" : "unixgram://";
}

// What getaddrinfo makes of numbers, without asking anybody.
std::string resolve(const Address& address,
                    std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>& to) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE;
  hints.ai_socktype = address.transport == Transport::kTcp ? SOCK_STREAM : SOCK_DGRAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(address.host.c_str(), address.port.c_str(), &hints, &found) != 0) {
    return "'" + address.host + "' is no address: write one in numbers, as 127.0.0.1";
  }
  to.reset(found);
  return {};
}

bool is_port(std::string_view text) noexcept {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && end == text.data() + text.size();
}

// A datagram socket that was left behind by a program that has gone.
void remove_if_left_behind(const sockaddr_un& where) noexcept {
  struct stat seen {};
  if (::lstat(where.sun_path, &seen) != 0 || !S_ISSOCK(seen.st_mode)) return;
  const Socket probe(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const auto* const address = reinterpret_cast<const sockaddr*>(&where);
  const bool alive = ::connect(probe.get(), address, sizeof where) == 0;
  if (!alive && errno == ECONNREFUSED) ::unlink(where.sun_path);
}

std::string bind_path(const Address& address, Socket& socket) {
  sockaddr_un where{};
  where.sun_family = AF_UNIX;
  if (address.host.size() >= sizeof where.sun_path) return "the path is too long for a socket";
  std::memcpy(where.sun_path, address.host.data(), address.host.size());
  remove_if_left_behind(where);
  socket = Socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const auto* const name = reinterpret_cast<const sockaddr*>(&where);
  if (!socket || ::bind(socket.get(), name, sizeof where) != 0) {
    return why("cannot listen at", address.host, errno);
  }
  return {};
}

std::string bind_port(const Address& address, Socket& socket) {
  std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> to(nullptr, &freeaddrinfo);
  if (std::string fault = resolve(address, to); !fault.empty()) return fault;
  socket = Socket(::socket(to->ai_family, to->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const bool stream = address.transport == Transport::kTcp;
  const int yes = 1;
  if (stream) ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (!socket || ::bind(socket.get(), to->ai_addr, to->ai_addrlen) != 0 ||
      (stream && ::listen(socket.get(), kBacklog) != 0)) {
    return why("cannot listen at", address.host + ':' + address.port, errno);
  }
  return {};
}

}  // namespace

Socket::~Socket() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

std::string parse_address(std::string_view text, Address& address) {
  std::string_view rest = text;
  const auto is = [&rest](Transport transport) {
    const std::string_view scheme = scheme_of(transport);
    if (!rest.starts_with(scheme)) return false;
    rest.remove_prefix(scheme.size());
    return true;
  };
  if (is(Transport::kUnixDatagram)) {
    address = {Transport::kUnixDatagram, std::string(rest), {}};
    return rest.starts_with('/') ? ""
                                 : "'" + std::string(text) + "' needs a path behind unixgram://";
  }
  const bool tcp = is(Transport::kTcp);
  if (!tcp && !is(Transport::kUdp)) {
    return "'" + std::string(text) + "' begins with none of udp://, tcp://, unixgram://";
  }
  const std::size_t colon = rest.rfind(':');
  std::string_view host = rest.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (colon == rest.npos || host.empty() || !is_port(rest.substr(colon + 1))) {
    return "'" + std::string(text) + "' needs an address and a port, as udp://127.0.0.1:8125";
  }
  address = {tcp ? Transport::kTcp : Transport::kUdp, std::string(host),
             std::string(rest.substr(colon + 1))};
  return {};
}

std::string to_string(const Address& address, const Socket& socket) {
  std::string text(scheme_of(address.transport));
  if (address.transport == Transport::kUnixDatagram) return text + address.host;
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  std::array<char, NI_MAXHOST> host{};
  std::array<char, NI_MAXSERV> port{};
  auto* const name = reinterpret_cast<sockaddr*>(&bound);
  if (::getsockname(socket.get(), name, &size) != 0 ||
      ::getnameinfo(name, size, host.data(), host.size(), port.data(), port.size(),
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
    return text + address.host + ':' + address.port;
  }
  const bool six = bound.ss_family == AF_INET6;
  return text + (six ? "[" : "") + host.data() + (six ? "]:" : ":") + port.data();
}

std::string listen_at(const Address& address, Socket& socket) {
  const bool path = address.transport == Transport::kUnixDatagram;
  std::string fault = path ? bind_path(address, socket) : bind_port(address, socket);
  if (!fault.empty() || address.transport == Transport::kTcp) return fault;
  // With the right to it beyond what is allowed to all, else as far as that.
  if (::setsockopt(socket.get(), SOL_SOCKET, SO_RCVBUFFORCE, &kBufferBytes, sizeof kBufferBytes) !=
      0) {
    ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVBUF, &kBufferBytes, sizeof kBufferBytes);
  }
  return {};
}

std::uint32_t kernel_drops(const Socket& socket) noexcept {
  std::array<std::uint32_t, SK_MEMINFO_VARS> memory{};
  socklen_t size = sizeof memory;
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_MEMINFO, memory.data(), &size) != 0) return 0;
  return memory[SK_MEMINFO_DROPS];
}

}  // namespace lariat::statsd
