#pragma once

#include <linux/netlink.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "proto/function_ref.h"

namespace lariat::host {

/// How far the answer to a dump has come.
enum class DumpParse {
  kMore,    ///< It goes on in the next datagram.
  kDone,    ///< It is complete.
  kFailed,  ///< The kernel refuses, or this is no answer.
};

/// Takes the body of one message.
using MessageTaker = proto::FunctionRef<void(std::uint16_t type, std::span<const std::byte> body)>;

/// Reads one datagram of the answer to a dump that was asked with the number `sequence`; messages
/// with another are skipped. Trusts no length in it.
[[nodiscard]] DumpParse parse_dump(std::span<const std::byte> datagram, std::uint32_t sequence,
                                   MessageTaker take) noexcept;

/// Asks the kernel's routing netlink for dumps (rtnetlink(7)), over a socket that stays open.
class RouteDump {
 public:
  RouteDump() = default;
  RouteDump(const RouteDump&) = delete;
  RouteDump& operator=(const RouteDump&) = delete;
  ~RouteDump() { close_it(); }

  /// Asks for what `body`, the message behind the header, says, and reads all of the answer. False
  /// if the kernel does not answer as it should: `error` says why.
  template <typename Body>
  [[nodiscard]] bool read(std::uint16_t type, const Body& body, MessageTaker take) {
    return read(type, std::as_bytes(std::span(&body, 1)), take);
  }
  [[nodiscard]] const std::string& error() const noexcept { return error_; }
  /// Below zero before the first `read`, and after one that failed.
  [[nodiscard]] int socket() const noexcept { return socket_; }

 private:
  [[nodiscard]] bool read(std::uint16_t type, std::span<const std::byte> body, MessageTaker take);
  [[nodiscard]] bool open_it();
  [[nodiscard]] bool ask(std::uint16_t type, std::span<const std::byte> body);
  [[nodiscard]] bool fail(std::string_view what);
  void close_it() noexcept;

  int socket_ = -1;
  std::uint32_t sequence_ = 0;
  std::vector<std::byte> buffer_;
  std::string error_;
};

/// The length of what lies `length` octets before the next header, with its padding.
constexpr std::size_t route_aligned(std::size_t length) noexcept {
  return (length + NLMSG_ALIGNTO - 1) & ~std::size_t{NLMSG_ALIGNTO - 1};
}

/// A structure at the beginning of `bytes`; what is not there is 0.
template <typename Header>
Header load_header(std::span<const std::byte> bytes) noexcept {
  Header header{};
  std::memcpy(&header, bytes.data(), std::min(sizeof header, bytes.size()));
  return header;
}

}  // namespace lariat::host
