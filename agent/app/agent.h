#pragma once

#include <memory>
#include <optional>
#include <string>

#include "agent/app/frame_fan.h"
#include "agent/app/notify.h"
#include "agent/app/reload_source.h"
#include "agent/app/self_source.h"
#include "agent/base/log.h"
#include "agent/base/result.h"
#include "agent/collect/collectors.h"
#include "agent/config/load.h"
#include "agent/expose/control_socket.h"
#include "agent/expose/http_server.h"
#include "agent/expose/snapshot.h"
#include "agent/loop/loop.h"
#include "agent/loop/signal.h"
#include "agent/loop/timer.h"
#include "agent/metrics/process.h"
#include "agent/metrics/registry.h"
#include "agent/net/resolver.h"
#include "agent/net/tls_context.h"
#include "agent/publish/publisher.h"

namespace lariat::app {

/// The agent: collectors in, one log, every aggregator out, `/metrics` and status served.
///
/// Owns all its parts, in an order that lets each borrow those before it, and wires them. SIGHUP
/// loads the configuration again and applies the difference, or says what is wrong with it and
/// goes on with the old one; SIGTERM and SIGINT end it within `shutdown_grace`, a second one at
/// once.
/// Threads: one.
class Agent {
 public:
  /// `named` is the file that `--config` named; empty: none, then the choice is made at each
  /// reload.
  Agent(std::string named, config::Surroundings surroundings, config::Config config,
        const base::Log& lines);
  ~Agent();
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;

  /// Opens what it serves on; an address that is taken is an error.
  [[nodiscard]] base::Result<bool> open();
  /// Runs until a signal ends it.
  void run();

 private:
  [[nodiscard]] collect::Collectors::Options collectors_options();
  [[nodiscard]] expose::Sources sources();
  [[nodiscard]] base::Result<bool> open_doors(const config::Config& config);
  [[nodiscard]] base::Result<std::shared_ptr<net::TlsContext>> server_tls(
      const config::Config& config);
  [[nodiscard]] base::Result<bool> open_control(const config::Config& config);
  void go_back_to(const std::string& old_address);
  void hand_out();
  void reload();
  [[nodiscard]] std::optional<std::string> try_reload();
  void shut_down();
  void tell_start() const;
  [[nodiscard]] std::string where() const;
  [[nodiscard]] std::string summary() const;
  [[nodiscard]] expose::Status status() const;

  std::string named_;
  config::Surroundings surroundings_;
  config::Config config_;
  const base::Log& lines_;
  base::Monotonic began_;

  loop::Loop loop_;
  Notify notify_;
  net::Resolver resolver_;
  publish::Publisher publisher_;
  expose::Snapshot snapshot_;
  FrameFan fan_;
  collect::Collectors collectors_;
  SelfSource self_;
  ReloadSource reloads_;
  metrics::ProcessSource process_;
  metrics::Registry registry_;
  expose::HttpServer http_;
  expose::ControlSocket control_;

  loop::Signal hang_up_;
  loop::Signal terminate_;
  loop::Signal interrupt_;
  loop::Timer grace_;
  loop::Timer started_;  // The start is over, at endpoints too.
  std::shared_ptr<net::TlsContext> http_tls_;
  std::string http_address_;  // `127.0.0.1:9299`; empty: HTTP is not served.
  bool stopping_ = false;
};

}  // namespace lariat::app
