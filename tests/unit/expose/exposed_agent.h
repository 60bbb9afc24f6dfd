#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/base/log.h"
#include "agent/base/unique_fd.h"
#include "agent/expose/snapshot.h"
#include "agent/expose/sources.h"
#include "agent/loop/io_watcher.h"
#include "agent/loop/loop.h"
#include "proto/default_tags.h"

namespace lariat::test {

/// What an agent has to show, without the agent.
class ExposedAgent {
 public:
  ExposedAgent();

  /// So many series `host_value series="N"`, of which each line is longer than 40 octets.
  void fill(std::size_t series, const expose::SeriesOwner& owner = {});
  [[nodiscard]] expose::Sources sources();

  loop::Loop loop;
  std::vector<std::string> log_lines;
  base::Log log;
  proto::DefaultTags tags;
  expose::Snapshot snapshot;
  expose::Status status;
  std::string agent_text = "# TYPE lariat_build_info gauge\nlariat_build_info 1\n";
  std::optional<std::string> not_ready;
};

/// A client in the loop's own thread: it never waits, the loop is turned meanwhile.
class Client {
 public:
  Client(loop::Loop& loop, base::UniqueFd socket) : loop_(loop), socket_(std::move(socket)) {}
  /// Connects over loopback, with a receive buffer of that size if it is not 0.
  static Client tcp(loop::Loop& loop, std::uint16_t port, int receive_buffer = 0);
  static Client unix_path(loop::Loop& loop, const std::string& path);

  void send(std::string_view text);
  void end_sending();
  /// Takes what has come. True if the other side has closed.
  bool receive();
  /// Turns the loop until the other side closes; everything that it sent.
  std::string until_closed();
  /// Turns the loop until one whole HTTP answer has come, and takes it; without a body for HEAD.
  std::string answer(bool head = false);
  /// One request and its answer on this connection.
  std::string get(std::string_view path);
  void close() { socket_.reset(); }

  [[nodiscard]] bool closed() const { return closed_; }
  /// It was closed with an error.
  [[nodiscard]] bool reset() const { return reset_; }
  [[nodiscard]] const std::string& received() const { return received_; }
  [[nodiscard]] int fd() const { return socket_.get(); }

 private:
  loop::Loop& loop_;
  base::UniqueFd socket_;
  std::string received_;
  bool closed_ = false;
  bool reset_ = false;
};

/// The body of an HTTP answer, put together if it came in chunks.
[[nodiscard]] std::string body_of(std::string_view answer);
/// Its three digits.
[[nodiscard]] std::string code_of(std::string_view answer);
/// The port of `127.0.0.1:9299`.
[[nodiscard]] std::uint16_t port_of(const std::string& address);

}  // namespace lariat::test
