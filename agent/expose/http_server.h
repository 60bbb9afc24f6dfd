#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>

#include "agent/base/clock.h"
#include "agent/base/result.h"
#include "agent/base/unique_fd.h"
#include "agent/expose/http_routes.h"
#include "agent/expose/sources.h"
#include "agent/expose/tls_front.h"
#include "agent/loop/io_watcher.h"
#include "agent/loop/loop.h"
#include "agent/loop/timer.h"
#include "agent/metrics/source.h"
#include "agent/net/listener.h"
#include "agent/net/tls_context.h"

namespace lariat::expose {

/// What one client, and all of them, may take.
struct HttpLimits {
  std::size_t connections = 64;
  std::chrono::milliseconds request{10'000};  ///< From connecting, or a request's first line, on.
  std::chrono::milliseconds answer{30'000};   ///< In which it must be taken.
  std::chrono::milliseconds idle{120'000};    ///< Of a connection kept open, after an answer.
};

/// Serves metrics, health and status over HTTP, in the loop's one thread.
///
/// A connection has a deadline in each of its states, so none is there for ever; with all of them
/// idle the loop sleeps up to the first deadline. Over the limit of connections an idle one makes
/// room, and if there is none the newcomer gets a 503, over TLS nothing. Out of descriptors the
/// listener rests.
/// Long answers are made piece by piece in bounded turns.
/// Ownership: borrows the loop and what `sources` name. Threads: loop thread only. SIGPIPE is
/// ignored.
class HttpServer final : public metrics::Source {
 public:
  HttpServer(loop::Loop& loop, Sources sources, HttpLimits limits = {});
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// Listens on a literal address or `localhost`, port 0 being any; returns `127.0.0.1:9299`. Where
  /// it listened before it then does no more; connections stay. On an error that goes on, too.
  base::Result<std::string> listen(const std::string& host, std::uint16_t port);
  /// Connections from now on are over TLS with that server's context; null: plain.
  void set_tls(std::shared_ptr<net::TlsContext> tls) noexcept { tls_ = std::move(tls); }
  /// Listens no more, ends all connections.
  void close() noexcept;

  [[nodiscard]] std::size_t connections() const noexcept;
  [[nodiscard]] std::uint64_t requests(Path path, Code code) const noexcept {
    return requests_[static_cast<std::size_t>(path)][static_cast<std::size_t>(code)];
  }
  void report(metrics::Report& report) const override;

 private:
  class Daemon;  // The library, and the one place that sees it.
  struct Client;

  void accept(base::UniqueFd connection);
  [[nodiscard]] bool make_room();
  [[nodiscard]] bool full() const noexcept;
  HttpAnswer answer(const HttpRequest& request);
  void turn();
  void set_deadline();
  void end_late();
  void end_gone() noexcept;
  void end(Client& client) noexcept;

  loop::Loop& loop_;
  Sources sources_;
  HttpLimits limits_;
  std::array<std::array<std::uint64_t, kCodes.size()>, kPaths.size()> requests_{};
  std::list<Client> clients_;
  std::unique_ptr<Daemon> daemon_;
  std::unique_ptr<net::Listener> listener_;
  std::string host_;  // As it was asked for.
  std::uint16_t port_ = 0;
  std::string address_;
  std::shared_ptr<net::TlsContext> tls_;
  TlsFront front_;
  loop::IoWatcher readable_;
  loop::Timer again_;
  loop::Timer deadline_;
  std::optional<base::Monotonic> deadline_set_;
};

}  // namespace lariat::expose
