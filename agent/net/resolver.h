#pragma once

#include <sys/stat.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agent/base/result.h"
#include "agent/loop/loop.h"
#include "agent/net/address.h"
#include "agent/net/call_queue.h"

namespace lariat::net {

class DnsChannel;

struct ResolverOptions {
  /// `127.0.0.1:5353,[::1]:53`: asked instead of those of `resolv_conf`. For tests.
  std::string name_servers;
  std::string resolv_conf = "/etc/resolv.conf";
  /// Of the name servers that `resolv_conf` names.
  std::uint16_t port = 53;
  /// Of the first try with one server; the second has twice as long.
  std::chrono::milliseconds timeout{2000};
  int tries = 2;
};

/// A look-up under way; destroying it cancels, and its callback is then never run.
class [[nodiscard]] Lookup {
 public:
  Lookup() noexcept;
  ~Lookup();
  Lookup(Lookup&&) noexcept;
  Lookup& operator=(Lookup&&) noexcept;

  void cancel() noexcept;
  /// Its callback has not run yet and will.
  [[nodiscard]] bool active() const noexcept;

 private:
  friend class Resolver;
  struct Request;
  explicit Lookup(std::shared_ptr<Request> request) noexcept;
  std::shared_ptr<Request> request_;
};

/// Finds the addresses of a name without blocking: literals by itself, names from the hosts file
/// and the name servers. One per program.
///
/// Nothing is cached, so each look-up is anew; a changed `resolv.conf` counts from the next one on.
/// With no look-up under way it holds no socket and no timer.
/// Ownership: borrows the loop; outlives its look-ups and whoever uses `calls()`. A callback may
/// not destroy the resolver. Threads: loop thread only.
class Resolver {
 public:
  /// All addresses of both families, in the order of RFC 6724, at least one; or why there are none.
  using Callback = std::function<void(base::Result<std::vector<Address>>)>;

  explicit Resolver(loop::Loop& loop, ResolverOptions options = {});
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  /// Runs `callback` once, in a later turn of the loop: never from within, for literals neither.
  /// The callback may do with look-ups what it likes.
  Lookup lookup(const std::string& host, std::uint16_t port, Callback callback);

  /// For outcomes of those who use the resolver.
  [[nodiscard]] CallQueue& calls() noexcept { return calls_; }

  /// Look-ups at the name servers that are not answered yet.
  [[nodiscard]] std::size_t pending() const noexcept;
  /// How often the configuration of the name servers was read.
  [[nodiscard]] std::uint64_t channels_made() const noexcept { return channels_made_; }

 private:
  void follow_configuration();

  loop::Loop& loop_;
  ResolverOptions options_;
  CallQueue calls_;
  std::shared_ptr<DnsChannel> channel_;  // Made at the first look-up of a name.
  struct stat read_from_ {};             // What resolv.conf was when the channel was made.
  std::uint64_t channels_made_ = 0;
};

}  // namespace lariat::net
