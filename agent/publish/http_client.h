#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/loop/io_watcher.h"
#include "agent/loop/loop.h"
#include "agent/loop/timer.h"
#include "agent/net/dialer.h"
#include "agent/net/resolver.h"
#include "agent/publish/http_target.h"

namespace lariat::publish {

/// How a request ended.
enum class HttpEnd {
  kAnswered,      ///< The server has answered: `status` says what.
  kNotConnected,  ///< There was no connection: `failure` says why.
  kClosed,        ///< The server closed before it had answered.
  kBroken,        ///< The connection broke, or what came is no answer of HTTP.
  kTimedOut,      ///< No answer in time.
};

struct HttpAnswer {
  HttpEnd end = HttpEnd::kBroken;
  net::ConnectFailure failure = net::ConnectFailure::kNone;
  int status = 0;           ///< 100 to 599; 0 without an answer.
  std::string first_line;   ///< Of the body: printable, at most 512 octets.
  std::string retry_after;  ///< The header, as it came.
  std::string location;     ///< Likewise, printable.
  std::uint64_t dropped{};  ///< The N of the last `dropped=N` in the body.
  std::string detail;       ///< Why there is no answer, in words; else empty.
};

/// Counts of all sockets of a client.
struct HttpClientStats {
  std::uint64_t connects = 0;
  std::uint64_t requests = 0;
  std::uint64_t bytes_sent = 0;  ///< Heads and bodies of requests, before TLS.
  std::uint64_t write_wakeups = 0;
  std::uint64_t write_wakeups_empty = 0;  ///< Of those, without a request.
};

/// Sends one request at a time to one server, over a connection that is kept, by libcurl on our
/// loop.
///
/// With no request under way it has no timer and no watcher, and a kept connection costs nothing.
/// Names are looked up by our resolver before a connection is made, so libcurl starts no thread.
/// It follows no redirect, asks for no leave to send (`Expect`), and takes no proxy from the
/// environment. What a server answers takes at most a few KiB, however much it sends.
/// Files of TLS are read at each new connection; a key that others may read is refused.
/// Ownership: borrows loop and resolver, which must outlive it; a body is borrowed until the
/// answer. Threads: loop thread only.
class HttpClient {
 public:
  using Callback = std::function<void(HttpAnswer)>;

  /// `answered` runs in a turn of its own: it may send the next request, or destroy the client.
  HttpClient(loop::Loop& loop, net::Resolver& resolver, HttpTarget target, Callback answered);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  /// POST of `body`, with these headers (`Name: value`) beside the target's. None is under way.
  void post(std::span<const char> body, std::span<const std::string> headers);
  /// Ends the request, whose callback is not run, and its connection.
  void cancel() noexcept;
  /// In a child process: lets go of descriptors without a word to the server. Nothing else can be
  /// done with it any more.
  void abandon() noexcept;

  [[nodiscard]] bool active() const noexcept;
  /// A connection is kept, and the server has not closed it.
  [[nodiscard]] bool kept() const noexcept;
  /// `192.0.2.1:80`, of the last answer.
  [[nodiscard]] const std::string& peer() const noexcept { return peer_; }
  [[nodiscard]] const HttpClientStats& stats() const noexcept { return stats_; }
  [[nodiscard]] const HttpTarget& target() const noexcept { return target_; }

  [[nodiscard]] bool write_watcher_active() const noexcept;
  [[nodiscard]] std::uint64_t write_watcher_starts() const noexcept;
  [[nodiscard]] std::uint64_t write_watcher_stops() const noexcept;

 private:
  struct Curl;  // All that libcurl's header has names for.
  friend struct Curl;
  /// The watchers of a descriptor; without one, free for the next.
  struct Watch {
    Watch(HttpClient& client);  // NOLINT(google-explicit-constructor): made in place.
    int fd = -1;
    loop::IoWatcher read;
    loop::IoWatcher write;
  };

  void take_addresses(const base::Result<std::vector<net::Address>>& found);
  void begin();
  void end_early(net::ConnectFailure failure, std::string detail);
  void deliver(HttpAnswer answer);
  [[nodiscard]] Watch& free_watch();
  void readable(int fd);
  void writable(int fd);

  loop::Loop& loop_;
  net::Resolver& resolver_;
  const HttpTarget target_;
  std::shared_ptr<const Callback> callback_;  // Shared with its own run, which may destroy us.
  HttpClientStats stats_;
  std::string peer_;

  std::span<const char> body_;
  std::vector<std::string> headers_;
  net::Lookup lookup_;
  net::CallQueue::Ticket delivery_;
  bool active_ = false;

  loop::Timer timer_;
  std::vector<std::unique_ptr<Watch>> watches_;
  std::unique_ptr<Curl> curl_;  // Calls back into what stands above.
};

}  // namespace lariat::publish
