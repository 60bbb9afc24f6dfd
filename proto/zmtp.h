#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace lariat::proto {

/// ZMTP 3.0, the protocol of ZeroMQ sockets, as a PUSH socket speaks it with the mechanism NULL.

/// What we say first, at once: the greeting.
[[nodiscard]] std::string_view zmtp_hello() noexcept;
/// What we say before messages: the command READY.
[[nodiscard]] std::string_view zmtp_ready() noexcept;

/// Octets before the body of a frame, at most.
inline constexpr std::size_t kZmtpHeadRoom = 9;
/// Writes what stands before a body of `size` octets; `more` frames of its message follow. `out`
/// has `kZmtpHeadRoom` octets. Returns the end.
[[nodiscard]] char* write_zmtp_head(std::uint64_t size, bool more, char* out) noexcept;

/// Room for what a peer is answered.
inline constexpr std::size_t kZmtpAnswerRoom = 64;

/// What the peer of our PUSH socket says. It must be a PULL socket of ZMTP 3 with the mechanism
/// NULL, which after its greeting says READY, and then PING at the most.
///
/// Memory: `kMostBuffered` octets at most, whatever comes; what else comes is skipped.
class ZmtpPeer {
 public:
  enum class State : std::uint8_t {
    kGreeting,   ///< It has not said all of its greeting.
    kHandshake,  ///< Nor that it is ready.
    kReady,      ///< Messages may be sent.
    kFault,      ///< It cannot be talked to: `fault` says why. Nothing is read any more.
  };
  static constexpr std::size_t kMostBuffered = 2048;

  /// Takes what was read, in pieces of any size.
  State feed(std::string_view bytes);

  [[nodiscard]] State state() const noexcept { return state_; }
  /// What is wrong and what to do: a sentence without a full stop. Octets of the peer in it are
  /// printable.
  [[nodiscard]] const std::string& fault() const noexcept { return fault_; }
  /// Writes what the peer must be answered, if it said such since the last call, to the start of
  /// `out`; returns the size or 0. That is our READY, which goes out before all messages, or the
  /// answer to the last PING, which goes out between two. READY waits for the peer's: one that is
  /// no PULL socket ends the connection when it gets ours, and would not have said what it is.
  [[nodiscard]] std::size_t take_answer(std::span<char, kZmtpAnswerRoom> out) noexcept;

 private:
  enum class Step : std::uint8_t { kGreeting, kHead, kCommand, kSkip };

  void fail(std::string sentence);
  void step();
  void read_greeting();
  void read_head();
  void read_command();
  void read_ready(std::string_view metadata);

  State state_ = State::kGreeting;
  Step step_ = Step::kGreeting;
  std::uint64_t rest_ = 0;  // Of a body that is skipped.
  std::size_t wanted_ = 1;  // Octets that the buffer must hold for the next step.
  std::string buffer_;
  std::string fault_;
  std::string answer_;
};

}  // namespace lariat::proto
