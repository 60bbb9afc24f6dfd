#include "tests/support/fake_http_server.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <stdexcept>
#include <utility>

#include "agent/net/address.h"
#include "agent/net/peer.h"
#include "agent/net/socket_options.h"

namespace lariat::test {
namespace {

std::string text_of(const HttpReply& reply) {
  std::string text = "HTTP/1.1 " + std::to_string(reply.status) + " Whatever\r\n";
  for (const auto& header : reply.headers) text += header + "\r\n";
  if (reply.status != 204) {
    text += "Content-Length: " + std::to_string(reply.body.size()) + "\r\n";
  }
  text += "\r\n";
  const bool half = reply.then == HttpReply::Then::kCloseHalf;
  return text + (half ? reply.body.substr(0, reply.body.size() / 2) : reply.body);
}

// Small enough for a socket's buffer, or the client reads what is sent before.
void send_all(int fd, std::string_view octets) {
  while (!octets.empty()) {
    const auto sent = ::send(fd, octets.data(), octets.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent <= 0) return;
    octets.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void take_header(HttpRequest& request, std::string_view line) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return;
  std::string name(line.substr(0, colon));
  for (auto& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  auto value = line.substr(colon + 1);
  while (value.starts_with(' ')) value.remove_prefix(1);
  request.headers[name] = value;
}

HttpRequest parse_head(std::string_view head) {
  HttpRequest request{.head = std::string(head)};
  const auto line = head.substr(0, head.find("\r\n"));
  request.method = line.substr(0, line.find(' '));
  const auto from = request.method.size() + 1;
  request.target = line.substr(from, line.rfind(' ') - from);
  for (auto at = line.size() + 2; at < head.size();) {
    const auto end = head.find("\r\n", at);
    take_header(request, head.substr(at, end - at));
    at = end + 2;
  }
  return request;
}

}  // namespace

struct FakeHttpServer::Connection {
  Connection(FakeHttpServer& server, base::UniqueFd accepted, unsigned of_number)
      : fd(std::move(accepted)),
        number(of_number),
        readable(server.loop_, loop::CallbackKind::kRead, [this, &server] { server.read(*this); }) {
    readable.watch(fd.get());
    readable.start();
  }
  void close() {
    readable.watch(-1);
    fd.reset();
  }

  base::UniqueFd fd;
  unsigned number;
  loop::IoWatcher readable;
  std::string octets;
  std::vector<HttpReply> held;
};

FakeHttpServer::FakeHttpServer(loop::Loop& loop, const std::string& host, std::uint16_t port)
    : loop_(loop), readable_(loop, loop::CallbackKind::kRead, [this] { accept(); }) {
  const auto address = *net::Address::from_literal(host, port);
  listener_ = net::stream_socket(address.family());
  const int on = 1;
  ::setsockopt(listener_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(listener_.get(), address.data(), address.size) != 0 ||
      ::listen(listener_.get(), 16) != 0) {
    throw std::runtime_error("cannot listen on " + host);
  }
  port_ = net::Address::local(listener_.get())->port();
  readable_.watch(listener_.get());
  readable_.start();
}

FakeHttpServer::~FakeHttpServer() = default;

void FakeHttpServer::accept() {
  base::UniqueFd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!fd) return;
  closed_.clear();
  connections_.push_back(std::make_unique<Connection>(*this, std::move(fd), ++accepted_));
}

void FakeHttpServer::read(Connection& connection) {
  std::array<char, 65536> piece;
  const auto got = ::recv(connection.fd.get(), piece.data(), piece.size(), MSG_DONTWAIT);
  if (got <= 0) {
    connection.close();
    drop_closed();
    return;
  }
  octets_ += static_cast<std::uint64_t>(got);
  connection.octets.append(piece.data(), static_cast<std::size_t>(got));
  if (std::isalpha(static_cast<unsigned char>(connection.octets.front())) == 0) {
    answer(connection, {.status = 400, .then = HttpReply::Then::kClose});  // As real ones do.
  }
  while (connection.fd && take_request(connection)) {
  }
  drop_closed();
}

bool FakeHttpServer::take_request(Connection& connection) {
  const auto end = connection.octets.find("\r\n\r\n");
  if (end == std::string::npos) return false;
  auto request = parse_head(std::string_view(connection.octets).substr(0, end + 2));
  const auto length = request.headers.find("content-length");
  const auto size = length == request.headers.end() ? 0 : std::stoul(length->second);
  if (connection.octets.size() < end + 4 + size) return false;
  request.body = connection.octets.substr(end + 4, size);
  request.connection = connection.number;
  connection.octets.erase(0, end + 4 + size);
  requests_.push_back(std::move(request));
  const auto reply = on_request ? on_request(requests_.back()) : HttpReply{};
  if (reply.then == HttpReply::Then::kHold) {
    connection.held.push_back(reply);
  } else {
    answer(connection, reply);
  }
  return true;
}

void FakeHttpServer::answer(Connection& connection, const HttpReply& reply) {
  if (reply.then == HttpReply::Then::kReset) {
    net::close_hard(connection.fd);
    connection.close();
    return;
  }
  send_all(connection.fd.get(), text_of(reply));
  const bool keep = reply.then == HttpReply::Then::kKeep || reply.then == HttpReply::Then::kHold;
  if (!keep) connection.close();
}

void FakeHttpServer::drop_closed() {
  for (auto& connection : connections_) {
    if (!connection->fd) closed_.push_back(std::move(connection));
  }
  std::erase(connections_, nullptr);
}

void FakeHttpServer::release() {
  for (const auto& connection : connections_) {
    for (const auto& reply : std::exchange(connection->held, {})) answer(*connection, reply);
  }
  drop_closed();
}

void FakeHttpServer::close_connections() {
  for (const auto& connection : connections_) connection->close();
  drop_closed();
}

void FakeHttpServer::stop_listening() {
  readable_.watch(-1);
  listener_.reset();
}

}  // namespace lariat::test
