#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "proto/message.h"
#include "proto/qname.h"

namespace lariat::proto {

inline constexpr std::size_t kHeartbeatSize = 24;
/// Values of one SAMPLE message that we send. More are split: see `take_values`.
inline constexpr std::size_t kMaxSampleValues = 1000;
/// Room for any message that these functions write.
inline constexpr std::size_t kEncodeBufferSize = 14336;

enum class EncodeError : std::uint8_t {
  kNone,
  kTooSmall,       ///< `out` has not enough room.
  kTooLong,        ///< The name with its NUL is over 4095 octets.
  kBadName,        ///< Not a qualified name; `Encoded::name_error` says why.
  kWildcard,       ///< A pattern where a name belongs.
  kBadNumber,      ///< NaN or infinity.
  kNoValues,       ///< A SAMPLE without a value.
  kTooManyValues,  ///< Over `kMaxSampleValues`.
  kBadPayload,     ///< A mask that the opcode does not take.
};
[[nodiscard]] std::string_view to_string(EncodeError error) noexcept;

struct [[nodiscard]] Encoded {
  std::size_t size = 0;  ///< Octets written to the start of `out`.
  EncodeError error = EncodeError::kNone;
  NameError name_error = NameError::kNone;
  explicit operator bool() const noexcept { return error == EncodeError::kNone; }
};

/// A STATE: `summary` absent and empty are two things.
struct StateReport {
  Status status = Status::kUnknown;
  std::uint32_t interval_milliseconds = 0;  ///< How often it is asked; 0 is unknown.
  std::optional<std::string_view> summary;
};

/// What all that write a name do: it is put in canonical form, its buffer must not be in `out`.
/// Texts over 4094 octets are cut at a character boundary. Times are seconds since 1970 UTC. No
/// function allocates; on an error what `out` holds is undefined.
Encoded encode_sample(std::span<std::byte> out, std::string_view name, std::uint64_t time,
                      std::span<const double> values) noexcept;
Encoded encode_tally(std::span<std::byte> out, std::string_view name, std::uint64_t time,
                     std::optional<std::uint64_t> increment) noexcept;
Encoded encode_delta(std::span<std::byte> out, std::string_view name, std::uint64_t time,
                     double reading) noexcept;
Encoded encode_state(std::span<std::byte> out, std::string_view name, std::uint64_t time,
                     const StateReport& report) noexcept;
Encoded encode_event(std::span<std::byte> out, std::string_view name, std::uint64_t time,
                     std::string_view text) noexcept;
Encoded encode_fact(std::span<std::byte> out, std::string_view name,
                    std::string_view text) noexcept;

/// A name as a collector may write it on its pipe, and only there: a metric, and tags in canonical
/// form or none. Whoever reads it completes it: see `add_tags`.
struct PipeName {
  std::string_view metric;
  std::string_view tags;
};

/// The same with a name that is written as it is: looked at are its length, a metric that is empty,
/// and NULs. For programs that write many values under names which they have made once.
Encoded encode_sample(std::span<std::byte> out, const PipeName& name, std::uint64_t time,
                      std::span<const double> values) noexcept;
Encoded encode_tally(std::span<std::byte> out, const PipeName& name, std::uint64_t time,
                     std::optional<std::uint64_t> increment) noexcept;
Encoded encode_delta(std::span<std::byte> out, const PipeName& name, std::uint64_t time,
                     double reading) noexcept;
Encoded encode_state(std::span<std::byte> out, const PipeName& name, std::uint64_t time,
                     const StateReport& report) noexcept;
Encoded encode_event(std::span<std::byte> out, const PipeName& name, std::uint64_t time,
                     std::string_view text) noexcept;
Encoded encode_fact(std::span<std::byte> out, const PipeName& name, std::string_view text) noexcept;

/// The time that a broadcast value covers. Of `flags` the encoder passes on all: `kClosedFlag`, and
/// of a DELTA the unit in its low bits.
struct Window {
  std::uint64_t start = 0;
  std::uint32_t milliseconds = 0;
  std::uint8_t flags = 0;
};

/// The state that a BROADCAST STATE tells of, or the one before it.
struct StateAt {
  Status status = Status::kUnknown;
  std::uint64_t time = 0;
  std::string_view summary;
};
struct StateBroadcast {
  StateAt now;
  std::optional<StateAt> previous;  ///< Present: it is a transition.
  std::uint32_t freshness_milliseconds = 0;
  bool fresh = false;
};

Encoded encode_broadcast_sample(std::span<std::byte> out, std::string_view name,
                                const Window& window, std::span<const double> values) noexcept;
Encoded encode_broadcast_tally(std::span<std::byte> out, std::string_view name,
                               const Window& window, std::uint64_t total) noexcept;
Encoded encode_broadcast_delta(std::span<std::byte> out, std::string_view name,
                               const Window& window, double rate) noexcept;
Encoded encode_broadcast_state(std::span<std::byte> out, std::string_view name,
                               const StateBroadcast& state) noexcept;
Encoded encode_broadcast_event(std::span<std::byte> out, std::string_view name, std::uint64_t time,
                               std::string_view text) noexcept;
Encoded encode_broadcast_fact(std::span<std::byte> out, std::string_view name,
                              std::string_view text) noexcept;

/// `payloads` are bits of `Payload`. A pattern may be a plain name.
Encoded encode_forget(std::span<std::byte> out, std::uint16_t payloads,
                      std::string_view pattern) noexcept;
Encoded encode_replay(std::span<std::byte> out, std::uint16_t payloads) noexcept;
Encoded encode_subscribe(std::span<std::byte> out, std::uint16_t payloads,
                         std::string_view pattern) noexcept;
Encoded encode_unsubscribe(std::span<std::byte> out, std::uint16_t payloads,
                           std::string_view pattern) noexcept;

/// `count`: messages written on this connection before this one.
void encode_heartbeat(std::span<std::byte, kHeartbeatSize> out, std::uint64_t unix_seconds,
                      std::uint64_t count) noexcept;

/// `message`, a valid SUBMIT or BROADCAST, with `name` in place of its own and else unchanged.
/// `out` needs at most 4098 octets more than `message` has.
Encoded encode_renamed(std::span<std::byte> out, const MessageView& message,
                       std::string_view name) noexcept;

/// The same with a name that is canonical: it is not looked at again.
Encoded encode_renamed(std::span<std::byte> out, const MessageView& message,
                       const PipeName& name) noexcept;

/// Takes the values for one message off the front of `rest`: empty when none are left.
[[nodiscard]] std::span<const double> take_values(std::span<const double>& rest) noexcept;
/// At most 4094 octets of `text`, not ending inside a UTF-8 character.
[[nodiscard]] std::string_view cut_text(std::string_view text) noexcept;

}  // namespace lariat::proto
