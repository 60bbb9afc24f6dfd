#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "agent/base/unique_fd.h"
#include "agent/loop/io_watcher.h"
#include "agent/loop/loop.h"

namespace lariat::test {

struct HttpRequest {
  std::string method;
  std::string target;
  std::map<std::string, std::string> headers;  ///< Names in small letters.
  std::string head;                            ///< As it came.
  std::string body;
  unsigned connection = 0;  ///< From 1 on, in the order of their making.
};

struct HttpReply {
  enum class Then {
    kKeep,       ///< The connection.
    kClose,      ///< After the answer.
    kCloseHalf,  ///< In the middle of the body, of which half is sent.
    kReset,      ///< Without a word.
    kHold,       ///< Answers only when told to.
  };
  int status = 204;
  std::vector<std::string> headers{};
  std::string body{};
  Then then = Then::kKeep;
};

/// A server of HTTP/1.1 on 127.0.0.1 or ::1 that does what a test tells it, on the test's loop.
class FakeHttpServer {
 public:
  explicit FakeHttpServer(loop::Loop& loop, const std::string& host = "127.0.0.1",
                          std::uint16_t port = 0);
  ~FakeHttpServer();

  /// What it answers; without it 204.
  std::function<HttpReply(const HttpRequest&)> on_request;

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] const std::vector<HttpRequest>& requests() const noexcept { return requests_; }
  /// Octets that came, on all connections.
  [[nodiscard]] std::uint64_t octets() const noexcept { return octets_; }
  [[nodiscard]] unsigned connections() const noexcept { return accepted_; }
  /// Those that it, and as far as it knows its clients, have not closed.
  [[nodiscard]] std::size_t open() const noexcept { return connections_.size(); }

  void release();            ///< Sends the answers that it holds.
  void close_connections();  ///< And goes on listening.
  void stop_listening();

 private:
  struct Connection;
  void accept();
  void read(Connection& connection);
  [[nodiscard]] bool take_request(Connection& connection);
  void answer(Connection& connection, const HttpReply& reply);
  void drop_closed();

  loop::Loop& loop_;
  base::UniqueFd listener_;
  loop::IoWatcher readable_;
  std::uint16_t port_ = 0;
  unsigned accepted_ = 0;
  std::uint64_t octets_ = 0;
  std::vector<HttpRequest> requests_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<std::unique_ptr<Connection>> closed_;  // Until no watcher of theirs is running.
};

}  // namespace lariat::test
