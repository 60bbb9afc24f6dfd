#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "agent/base/unique_fd.h"

namespace lariat::test {

/// A port of loopback that answers whoever connects, one after the other, on a thread of its own.
class AnsweringServer {
 public:
  /// What to say to what was read by then: of a request the whole head, of others nothing.
  using Answer = std::function<std::string(std::string_view head)>;
  enum class Waits { kForARequest, kForNothing };

  explicit AnsweringServer(Answer answer, Waits waits = Waits::kForARequest)
      : answer_(std::move(answer)), waits_(waits) {
    listener_.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const name = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_.get(), name, size) != 0 || ::listen(listener_.get(), 16) != 0 ||
        ::getsockname(listener_.get(), name, &size) != 0) {
      throw std::runtime_error("no server");
    }
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { run(); });
  }
  ~AnsweringServer() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
  }
  AnsweringServer(const AnsweringServer&) = delete;
  AnsweringServer& operator=(const AnsweringServer&) = delete;

  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] std::string url(const std::string& path = "/") const {
    return "http://" + address() + path;
  }

  /// `HTTP/1.1 200 OK` with a body.
  static std::string response(const std::string& status, const std::string& body,
                              const std::string& headers = "") {
    return "HTTP/1.1 " + status + "\r\nConnection: close\r\n" + headers +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }

 private:
  void run() {
    while (true) {
      const base::UniqueFd socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!socket) return;
      const std::string head = waits_ == Waits::kForARequest ? read_head(socket) : std::string();
      const std::string said = answer_(head);
      (void)::send(socket.get(), said.data(), said.size(), MSG_NOSIGNAL);
    }
  }
  static std::string read_head(const base::UniqueFd& socket) {
    std::string head;
    char octet = 0;
    while (!head.ends_with("\r\n\r\n") && ::recv(socket.get(), &octet, 1, 0) == 1) head += octet;
    return head;
  }

  Answer answer_;
  Waits waits_;
  base::UniqueFd listener_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace lariat::test
