#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace lariat::net {

/// What came of a write. Fewer octets than were given, and no error: the socket takes no more now.
struct Sent {
  std::size_t octets = 0;  ///< Taken, from the first on.
  int error = 0;           ///< An errno: the connection is over.
  unsigned calls = 0;      ///< System calls made.
};

/// What came of a read: octets, and after them perhaps an end.
struct Received {
  enum class End : std::uint8_t {
    kNone,
    kClosed,  ///< By the peer, who said so.
    kFailed,  ///< By `error`; also without a word, where the protocol has one.
  };
  std::size_t octets = 0;
  End end = End::kNone;
  int error = 0;
};

/// A connected socket as its owner sees it: octets go in and come out, plain or over TLS. Offsets
/// and counts are of the owner's own octets, whatever they become on the wire.
///
/// Ownership: owns the socket. Closing tells the peer nothing; `finish` does. Nothing blocks.
/// Threads: one at a time.
class Channel {
 public:
  Channel() = default;
  virtual ~Channel() = default;
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  /// For watchers, and for what the kernel knows of the peer.
  [[nodiscard]] virtual int fd() const noexcept = 0;
  /// Sends what waits inside, then from `spans`; with none of them just what waits.
  virtual Sent send(std::span<const iovec> spans) noexcept = 0;
  /// Octets taken from the owner wait inside for the socket: `send` when it is writable.
  [[nodiscard]] virtual bool wants_write() const noexcept = 0;
  /// Whatever has come until now and fits in: after it a watcher tells of what comes next. It may
  /// make the channel want to write. `room` is at least `kLeastRoom`.
  virtual Received recv(std::span<std::byte> room) noexcept = 0;
  static constexpr std::size_t kLeastRoom = std::size_t{36} << 10U;
  /// Octets have been read from the socket that `recv` has not given yet: no watcher tells of them.
  [[nodiscard]] virtual bool input_waiting() const noexcept = 0;
  /// Of the octets taken, so many have arrived; nothing if that cannot be known now.
  [[nodiscard]] virtual std::optional<std::uint64_t> acknowledged() noexcept = 0;
  /// What was wrong, in words, if the errno of the last error does not say it; else empty.
  [[nodiscard]] virtual std::string_view trouble() const noexcept = 0;
  /// Tells the peer that no more comes, if the protocol can and the socket takes it at once.
  virtual void finish() noexcept = 0;
};

}  // namespace lariat::net
