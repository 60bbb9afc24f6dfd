#pragma once

#include "agent/base/unique_fd.h"
#include "agent/net/channel.h"

namespace lariat::net {

/// A TCP or unix socket whose octets are the owner's: one system call a call, no copy.
class PlainChannel final : public Channel {
 public:
  explicit PlainChannel(base::UniqueFd socket, bool is_unix = false) noexcept
      : socket_(std::move(socket)), is_unix_(is_unix) {}

  [[nodiscard]] int fd() const noexcept override { return socket_.get(); }
  Sent send(std::span<const iovec> spans) noexcept override;
  [[nodiscard]] bool wants_write() const noexcept override { return false; }
  Received recv(std::span<std::byte> room) noexcept override;
  [[nodiscard]] bool input_waiting() const noexcept override { return false; }
  /// Of a unix socket as `unix_unread_at_most` says it: what its program has read.
  [[nodiscard]] std::optional<std::uint64_t> acknowledged() noexcept override;
  [[nodiscard]] std::string_view trouble() const noexcept override { return {}; }
  void finish() noexcept override {}

 private:
  base::UniqueFd socket_;
  bool is_unix_;
  std::uint64_t taken_ = 0;
};

}  // namespace lariat::net
