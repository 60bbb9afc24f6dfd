#include "agent/net/listener.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <optional>
#include <system_error>
#include <utility>

#include "agent/net/address.h"
#include "agent/net/socket_options.h"

namespace lariat::net {
namespace {

// Connections per wake-up. A longer queue takes more of them, and others get their turn.
constexpr int kMaxBatch = 64;
constexpr std::chrono::seconds kRest{1};

base::Error cannot_listen(const base::Url& url, const std::string& why) {
  return {fmt::format("cannot listen on {}: {}", url.text(), why)};
}

base::Error cannot_listen(const base::Url& url, int error) {
  return cannot_listen(url, std::generic_category().message(error));
}

/// Or none, with errno set.
base::UniqueFd tcp_socket_on(const Address& address) noexcept {
  auto socket = stream_socket(address.family());
  if (!socket) return socket;
  constexpr int kOn = 1;
  constexpr int kOff = 0;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &kOn, sizeof kOn);
  if (address.family() == AF_INET6) {
    ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &kOff, sizeof kOff);
  }
  if (::bind(socket.get(), address.data(), address.size) == 0 &&
      ::listen(socket.get(), SOMAXCONN) == 0) {
    return socket;
  }
  const int error = errno;
  socket.reset();
  errno = error;
  return socket;
}

/// Why what stands at `address` has to stay, or nothing if it is a socket that nobody answers on.
std::optional<std::string> why_taken(const std::string& path, const Address& address) {
  struct stat state {};
  if (::lstat(path.c_str(), &state) != 0) return std::generic_category().message(errno);
  if (!S_ISSOCK(state.st_mode)) return "the file there is not a socket; move it away";
  const auto probe = stream_socket(AF_UNIX);
  if (!probe) return std::generic_category().message(errno);
  if (::connect(probe.get(), address.data(), address.size) == 0 || errno == EAGAIN) {
    return "another program answers there";
  }
  if (errno != ECONNREFUSED) return std::generic_category().message(errno);
  return std::nullopt;
}

}  // namespace

Listener::Listener(loop::Loop& loop, Callback callback)
    : callback_(std::move(callback)),
      readable_(loop, loop::CallbackKind::kRead, [this] { accept_some(); }),
      rest_(loop, [this] { readable_.start(); }) {}

Listener::~Listener() { close(); }

base::Result<base::Url> Listener::listen(const base::Url& url) {
  close();
  return url.is_unix() ? listen_unix(url) : listen_tcp(url);
}

void Listener::close() noexcept {
  readable_.watch(-1);
  rest_.stop();
  socket_.reset();
  if (file_is_ours()) ::unlink(file_.c_str());
  file_.clear();
}

bool Listener::lost_file() const noexcept {
  return listening() && !file_.empty() && !file_is_ours();
}

bool Listener::file_is_ours() const noexcept {
  struct stat state {};
  return !file_.empty() && ::lstat(file_.c_str(), &state) == 0 && state.st_dev == file_device_ &&
         state.st_ino == file_inode_;
}

base::Result<base::Url> Listener::listen_tcp(const base::Url& url) {
  auto real = url;
  if (url.host.empty()) real.host = "::";
  auto address = Address::from_literal(url.host == "localhost" ? "127.0.0.1" : real.host, url.port);
  if (!address) {
    return cannot_listen(url,
                         fmt::format("\"{}\" is a name; write an address, or localhost", url.host));
  }
  auto socket = tcp_socket_on(*address);
  if (!socket && url.host.empty() && (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL)) {
    real.host = "0.0.0.0";  // A host without IPv6.
    socket = tcp_socket_on(*Address::from_literal(real.host, url.port));
  }
  if (!socket) return cannot_listen(url, errno);
  const auto bound = Address::local(socket.get());
  if (!bound) return cannot_listen(url, errno);
  real.port = bound->port();
  begin(std::move(socket));
  return real;
}

base::Result<base::Url> Listener::listen_unix(const base::Url& url) {
  const auto address = Address::from_path(url.path);
  if (!address) return cannot_listen(url, "the path is longer than 107 octets");
  auto socket = stream_socket(AF_UNIX);
  if (!socket) return cannot_listen(url, errno);
  int bound = ::bind(socket.get(), address->data(), address->size);
  if (bound != 0 && errno == EADDRINUSE) {
    if (const auto why = why_taken(url.path, *address)) return cannot_listen(url, *why);
    ::unlink(url.path.c_str());
    bound = ::bind(socket.get(), address->data(), address->size);
  }
  if (bound != 0 || ::listen(socket.get(), SOMAXCONN) != 0) return cannot_listen(url, errno);

  struct stat state {};
  if (::lstat(url.path.c_str(), &state) == 0) {
    file_ = url.path;
    file_device_ = state.st_dev;
    file_inode_ = state.st_ino;
  }
  begin(std::move(socket));
  return url;
}

void Listener::begin(base::UniqueFd socket) {
  socket_ = std::move(socket);
  readable_.watch(socket_.get());
  readable_.start();
}

void Listener::accept_some() {
  for (int count = 0; count < kMaxBatch && socket_; ++count) {
    if (!accept_one()) return;
  }
}

bool Listener::accept_one() {
  Address from;
  from.size = sizeof from.storage;
  base::UniqueFd connection(::accept4(socket_.get(), reinterpret_cast<sockaddr*>(&from.storage),
                                      &from.size, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (connection) {
    callback_(std::move(connection), from.text());
    return true;
  }
  switch (errno) {
    case EAGAIN:
      return false;
    // Troubles of the one connection, which the kernel has taken from the queue.
    case EINTR:
    case ECONNABORTED:
    case EPERM:
    case EPROTO:
    case ENETDOWN:
    case ENETUNREACH:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ETIMEDOUT:
      return true;
    default:
      pause();
      return false;
  }
}

// The queue keeps the socket readable: watching on would spin.
void Listener::pause() {
  readable_.stop();
  rest_.start(kRest);
  ++pauses_;
}

}  // namespace lariat::net
