#pragma once

// Private to agent/net: the one place where it sees c-ares.

#include <ares.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agent/base/result.h"
#include "agent/loop/io_watcher.h"
#include "agent/loop/loop.h"
#include "agent/loop/timer.h"
#include "agent/net/address.h"
#include "agent/net/resolver.h"

namespace lariat::net {

/// One c-ares channel on our loop: one reading of `resolv.conf`, and the queries that came of it.
///
/// Invariant: outside of its methods each socket of c-ares has the watchers that c-ares asked for,
/// and the timer is active if and only if c-ares waits for something.
/// Ownership: borrows the loop. No answer is told from within its destructor.
/// Threads: loop thread only. `Answer` may be called from within `query`, or with c-ares on the
/// stack: it may neither call back nor destroy the channel.
class DnsChannel {
 public:
  using Answer = std::function<void(base::Result<std::vector<Address>>)>;
  /// Identifies a query until it is answered.
  struct Query;

  /// Nothing if c-ares cannot be set up, `status` then says why.
  static std::shared_ptr<DnsChannel> make(loop::Loop& loop, const ResolverOptions& options,
                                          int& status);
  ~DnsChannel();
  DnsChannel(const DnsChannel&) = delete;
  DnsChannel& operator=(const DnsChannel&) = delete;

  void query(const std::string& host, std::uint16_t port, const std::shared_ptr<Answer>& answer);
  /// To be called after the owner of an answer let go of it. c-ares cannot cancel one query: its
  /// sockets are closed when nobody waits for any.
  void release_unwanted() noexcept;
  /// Queries that c-ares works on.
  [[nodiscard]] std::size_t pending() const noexcept { return queries_.size(); }

 private:
  struct Socket {
    Socket(loop::Loop& loop, DnsChannel& channel);
    int fd = -1;
    loop::IoWatcher readable;
    loop::IoWatcher writable;
  };

  explicit DnsChannel(loop::Loop& loop);
  void socket_changed(int fd, bool read, bool write);
  void process(int read_fd, int write_fd);
  void arm_timer() noexcept;
  void answered(Query& query, int status, ares_addrinfo* found);

  loop::Loop& loop_;
  ares_channel channel_ = nullptr;
  std::vector<std::unique_ptr<Socket>>
      sockets_;  // Kept for the next socket, never freed in a call.
  std::vector<std::unique_ptr<Query>> queries_;
  loop::Timer timer_;
};

}  // namespace lariat::net
