#include "tests/support/http_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <charconv>

#include "agent/base/unique_fd.h"

namespace lariat::test {
namespace {

base::UniqueFd connected(std::uint16_t port) {
  base::UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    socket.reset();
  }
  return socket;
}

std::string read_to_end(int fd, const Deadline& deadline) {
  std::string text;
  std::array<char, 65536> some{};
  for (;;) {
    pollfd readable{.fd = fd, .events = POLLIN, .revents = 0};
    if (::poll(&readable, 1, deadline.left()) != 1) return text;
    const ssize_t got = ::recv(fd, some.data(), some.size(), 0);
    if (got <= 0) return text;
    text.append(some.data(), static_cast<std::size_t>(got));
  }
}

// The body that chunks make up; a chunk that is not all there ends it.
std::string without_chunks(std::string_view text) {
  std::string body;
  for (;;) {
    std::size_t size = 0;
    const auto line_end = text.find("\r\n");
    if (line_end == std::string_view::npos) return body;
    std::from_chars(text.data(), text.data() + line_end, size, 16);
    text.remove_prefix(line_end + 2);
    if (size == 0 || text.size() < size + 2) return body;
    body += text.substr(0, size);
    text.remove_prefix(size + 2);
  }
}

}  // namespace

HttpAnswer http_send(std::uint16_t port, std::string_view request,
                     std::chrono::milliseconds patience) {
  const Deadline deadline(patience);
  const auto socket = connected(port);
  if (!socket) return {};
  [[maybe_unused]] const ssize_t sent =
      ::send(socket.get(), request.data(), request.size(), MSG_NOSIGNAL);
  const auto text = read_to_end(socket.get(), deadline);
  constexpr std::string_view kVersion = "HTTP/1.1 ";
  const auto end = text.find("\r\n\r\n");
  if (!text.starts_with(kVersion) || end == std::string::npos) return {};
  HttpAnswer answer{.headers = text.substr(0, end + 2), .body = text.substr(end + 4)};
  std::from_chars(text.data() + kVersion.size(), text.data() + end, answer.status);
  if (answer.headers.find("Transfer-Encoding: chunked") != std::string::npos) {
    answer.body = without_chunks(answer.body);
  }
  return answer;
}

HttpAnswer http_get(std::uint16_t port, std::string_view path, std::chrono::milliseconds patience) {
  return http_send(
      port,
      "GET " + std::string(path) + " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
      patience);
}

}  // namespace lariat::test
