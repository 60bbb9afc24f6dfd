#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agent/base/unique_fd.h"
#include "agent/base/url.h"
#include "agent/loop/io_watcher.h"
#include "agent/loop/loop.h"
#include "agent/loop/timer.h"
#include "agent/net/channel.h"
#include "agent/net/handshake.h"
#include "agent/net/resolver.h"
#include "agent/net/socket_options.h"
#include "agent/net/tls_channel.h"
#include "agent/net/tls_context.h"

namespace lariat::net {

/// Why there is no connection: the label `reason` of the counter of failed attempts.
enum class ConnectFailure { kNone, kResolve, kRefused, kTimeout, kTls, kOther };

/// `none resolve refused timeout tls other`.
[[nodiscard]] std::string_view to_string(ConnectFailure failure) noexcept;

struct DialOptions {
  std::chrono::milliseconds stall_timeout{30'000};  ///< As of `SocketOptions`.
  std::shared_ptr<TlsContext> tls;                  ///< Over TLS with this one; null: plain.
};

struct DialOutcome {
  std::unique_ptr<Channel> channel;  ///< Ready to send; none after a failure.
  ConnectFailure failure = ConnectFailure::kNone;
  std::string detail;  ///< Why, as one sentence with the address tried; empty after a success.
  std::string peer;    ///< Address connected to, or tried last; empty if none was found.
};

/// Makes one connection at a time to an endpoint: looks its name up anew, then tries each address
/// in turn until one accepts and, with TLS, both sides are content. A failed attempt has the
/// failure of the last address.
///
/// It blocks nothing and retries nothing: when to try again is the owner's to say.
/// Ownership: borrows the loop and the resolver, which must outlive it. Threads: loop thread only.
/// The callback may start or cancel the dialer, or destroy it.
class Dialer {
 public:
  using Callback = std::function<void(DialOutcome)>;

  Dialer(loop::Loop& loop, Resolver& resolver, Callback callback);
  ~Dialer();
  Dialer(const Dialer&) = delete;
  Dialer& operator=(const Dialer&) = delete;

  /// Cancels what is under way, then begins. The callback is run once, in a later turn of the loop.
  /// Each address has `connect_timeout`, with TLS for both; the look-up has the time-outs of the
  /// resolver.
  void start(const base::Url& url, std::chrono::milliseconds connect_timeout,
             const DialOptions& options = {});
  /// The callback is not run; a connection just made is closed.
  void cancel() noexcept;
  /// Begun, and the callback has neither run nor been cancelled.
  [[nodiscard]] bool active() const noexcept { return active_; }

 private:
  void take_addresses(base::Result<std::vector<Address>> found);
  void try_next();
  // False if the address failed at once.
  bool connecting(const Address& address);
  bool established();
  bool begin_tls();
  void shaken(Handshake::End how);
  void connect_ready();
  void connect_late();
  void fail_address(int error);
  void fail_address(ConnectFailure failure, const std::string& why);
  void leave_address() noexcept;
  void finish();
  void deliver();

  Resolver& resolver_;
  std::shared_ptr<const Callback> callback_;  // Shared with its own run, which may destroy us.

  bool active_ = false;
  base::Url url_;
  std::chrono::milliseconds connect_timeout_{};
  DialOptions options_;

  Lookup lookup_;
  std::vector<Address> addresses_;
  std::size_t next_ = 0;
  base::UniqueFd socket_;
  loop::IoWatcher writable_;
  loop::Timer deadline_;
  base::Monotonic until_;
  std::unique_ptr<TlsChannel> tls_;  // During its handshake.
  Handshake handshake_;

  DialOutcome outcome_;  // Of the address tried last.
  CallQueue::Ticket delivery_;
};

}  // namespace lariat::net
