#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "agent/base/unique_fd.h"
#include "agent/loop/io_watcher.h"
#include "agent/loop/loop.h"

namespace lariat::test {

/// A name server on loopback that knows a few names by heart. All others do not exist.
class FakeDns {
 public:
  struct Record {
    std::vector<std::string> addresses;  ///< IPv4 and IPv6 literals.
    bool silent = false;                 ///< Queries are counted, not answered.
  };

  /// On `address` (127.0.0.1 and its like) and `port`; 0 is any.
  explicit FakeDns(loop::Loop& loop, const std::string& address = "127.0.0.1",
                   std::uint16_t port = 0);

  void set(const std::string& name, Record record) { records_[name] = std::move(record); }
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  /// As an option of a resolver.
  [[nodiscard]] std::string text() const;
  [[nodiscard]] int queries() const noexcept { return queries_; }

 private:
  void answer_one();
  [[nodiscard]] std::vector<std::uint8_t> answer_to(std::span<const std::uint8_t> query) const;

  std::map<std::string, Record> records_;
  base::UniqueFd socket_;
  std::string address_;
  std::uint16_t port_ = 0;
  int queries_ = 0;
  loop::IoWatcher readable_;
};

}  // namespace lariat::test
