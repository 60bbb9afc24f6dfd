#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "agent/base/unique_fd.h"
#include "agent/net/address.h"

namespace lariat::test {

/// A folder of its own for sockets and files, removed with what is in it.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  [[nodiscard]] std::string path(const std::string& name) const { return folder_ + "/" + name; }

 private:
  std::string folder_;
};

/// Listens on a literal, 127.0.0.1 or ::1; the kernel accepts as many as `backlog` and one more.
base::UniqueFd listen_on(const std::string& host, std::uint16_t port = 0, int backlog = 16);
base::UniqueFd listen_on_path(const std::string& path, int backlog = 16);
[[nodiscard]] std::uint16_t port_of(int fd);

/// A port of 127.0.0.1 on which nobody listens.
[[nodiscard]] std::uint16_t free_port();

/// Connects without waiting for the outcome.
base::UniqueFd begin_connect(const net::Address& address);

/// Both ends of a connection: `first` has connected, `second` was accepted.
std::pair<base::UniqueFd, base::UniqueFd> connect_pair(int listener);

/// A port of 127.0.0.1 that answers nobody: its queue is full, so the kernel drops what comes.
class BlackHole {
 public:
  BlackHole();
  [[nodiscard]] std::uint16_t port() const { return port_of(listener_.get()); }

 private:
  base::UniqueFd listener_;
  std::vector<base::UniqueFd> crowd_;
};

[[nodiscard]] bool have_ipv6();

}  // namespace lariat::test
