#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <span>
#include <string_view>

#include "proto/bytes.h"
#include "proto/reason.h"

namespace lariat::proto {

enum class Opcode : std::uint8_t {
  kHeartbeat,
  kSubmit,
  kBroadcast,
  kForget,
  kReplay,
  kSubscribe,
};

/// The kinds of data, each one bit of the payload mask.
enum class Payload : std::uint16_t {
  kSample = 0x01,
  kTally = 0x02,
  kDelta = 0x04,
  kState = 0x08,
  kEvent = 0x10,
  kFact = 0x20,
};

enum class FieldType : std::uint8_t { kUint = 0, kFloat = 1, kString = 2, kTime = 6, kNil = 7 };

enum class Status : std::uint8_t { kOk, kWarning, kCritical, kUnknown };

inline constexpr std::size_t kHeaderSize = 4;
inline constexpr std::size_t kFieldHeaderSize = 2;
/// A STRING's body, its NUL counted.
inline constexpr std::size_t kMaxFieldLength = 4095;
/// What is left of it for a name or a text.
inline constexpr std::size_t kMaxTextLength = kMaxFieldLength - 1;

inline constexpr std::uint16_t kAllPayloads = 0x3f;
inline constexpr std::uint16_t kForgettablePayloads = 0x0f;

inline constexpr std::uint8_t kStatusFlags = 0x03;          ///< STATE: the status.
inline constexpr std::uint8_t kPreviousStatusFlags = 0x0c;  ///< BROADCAST STATE: status before.
inline constexpr std::uint8_t kTransitionFlag = 0x40;   ///< BROADCAST STATE: has a state before.
inline constexpr std::uint8_t kFreshFlag = 0x80;        ///< BROADCAST STATE.
inline constexpr std::uint8_t kClosedFlag = 0x80;       ///< BROADCAST of a window that closed.
inline constexpr std::uint8_t kUnsubscribeFlag = 0x80;  ///< SUBSCRIBE.

[[nodiscard]] constexpr std::uint16_t mask(Payload payload) noexcept {
  return static_cast<std::uint16_t>(payload);
}

[[nodiscard]] std::string_view to_string(Opcode opcode) noexcept;  ///< `submit`; `?` if unassigned.
[[nodiscard]] std::string_view to_string(
    Payload payload) noexcept;  ///< `sample`; `?` for no one bit.
[[nodiscard]] std::string_view to_string(Status status) noexcept;  ///< `OK`, `WARNING`, …

/// One field of a message; borrows its body.
struct Field {
  FieldType type = FieldType::kNil;  ///< As it stands there: may be 3, 4 or 5.
  std::uint16_t length = 0;
  std::span<const std::byte> body;
  bool final = false;

  [[nodiscard]] bool is(FieldType other, std::uint16_t octets) const noexcept {
    return type == other && length == octets;
  }
  /// The number in 1 to 8 octets: of UINT and TSTAMP.
  [[nodiscard]] std::uint64_t number() const noexcept;
  /// Of FLOAT/4 and FLOAT/8; any other length is 0.
  [[nodiscard]] double real() const noexcept;
  /// The octets without one NUL at their end.
  [[nodiscard]] std::string_view text() const noexcept;
};

/// A walk over the fields of a message, as a range-based for loop takes it. It ends behind the
/// final field, and before a field that is not wholly there: it reads no octet outside the bytes
/// whatever they hold.
class FieldIterator {
 public:
  FieldIterator() noexcept = default;
  /// `rest` begins with a field's header.
  explicit FieldIterator(std::span<const std::byte> rest) noexcept : rest_(rest) { read(); }

  [[nodiscard]] const Field& operator*() const noexcept { return field_; }
  [[nodiscard]] const Field* operator->() const noexcept { return &field_; }
  FieldIterator& operator++() noexcept {
    rest_ = rest_.subspan(field_.final ? rest_.size() : kFieldHeaderSize + field_.length);
    read();
    return *this;
  }
  friend bool operator==(const FieldIterator& a, std::default_sentinel_t) noexcept {
    return a.rest_.empty();
  }

 private:
  void read() noexcept;

  std::span<const std::byte> rest_;
  Field field_;
};

/// The bytes of one whole message, read in place.
///
/// Ownership: borrows the bytes. Nothing is judged here: see `check`.
class MessageView {
 public:
  /// The fields, for a range-based for loop.
  struct Fields {
    std::span<const std::byte> bytes;
    [[nodiscard]] FieldIterator begin() const noexcept { return FieldIterator(bytes); }
    [[nodiscard]] static std::default_sentinel_t end() noexcept { return {}; }
  };

  MessageView() noexcept = default;
  explicit MessageView(std::span<const std::byte> bytes) noexcept : bytes_(bytes) {}

  [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return bytes_; }
  [[nodiscard]] std::size_t size() const noexcept { return bytes_.size(); }

  /// The header: to be asked only if there are four octets.
  [[nodiscard]] unsigned version() const noexcept { return octet(0) >> 4U; }
  [[nodiscard]] Opcode opcode() const noexcept { return static_cast<Opcode>(octet(0) & 0x0fU); }
  [[nodiscard]] std::uint8_t flags() const noexcept { return static_cast<std::uint8_t>(octet(1)); }
  [[nodiscard]] std::uint16_t payload() const noexcept {
    return load_big<std::uint16_t>(bytes_.data() + 2);
  }
  [[nodiscard]] Fields fields() const noexcept {
    return {bytes_.size() < kHeaderSize ? bytes_ : bytes_.subspan(kHeaderSize)};
  }

 private:
  [[nodiscard]] unsigned octet(std::size_t at) const noexcept {
    return std::to_integer<unsigned>(bytes_[at]);
  }

  std::span<const std::byte> bytes_;
};

/// `kNone` if the bytes are exactly one valid message, else the first reason that applies. Names
/// and numbers are not judged. Octets behind the final field are `kFrame`.
[[nodiscard]] Reason check(const MessageView& message) noexcept;

/// Length of the first whole message in `bytes`, which begin with the header of a well-formed one;
/// 0 if it is not all there.
[[nodiscard]] inline std::size_t message_size(std::span<const std::byte> bytes) noexcept {
  if (bytes.size() < kHeaderSize) return 0;
  if ((bytes[0] & std::byte{0x0f}) == std::byte{static_cast<unsigned char>(Opcode::kReplay)}) {
    return kHeaderSize;
  }
  std::size_t at = kHeaderSize;
  while (bytes.size() - at >= kFieldHeaderSize) {
    const unsigned head = load_big<std::uint16_t>(bytes.data() + at);
    at += kFieldHeaderSize + (head & 0x0fffU);
    if (at > bytes.size()) return 0;
    if ((head & 0x8000U) != 0) return at;
  }
  return 0;
}

/// The name's octets, without their NUL, of a well-formed SUBMIT or BROADCAST.
[[nodiscard]] inline std::string_view submit_name(std::span<const std::byte> message) noexcept {
  const std::size_t length = load_big<std::uint16_t>(message.data() + kHeaderSize) & 0x0fffU;
  const auto* text = reinterpret_cast<const char*>(message.data()) + kHeaderSize + kFieldHeaderSize;
  return {text, length != 0 && text[length - 1] == '\0' ? length - 1 : length};
}

/// What a *valid* SUBMIT says. Each accessor belongs to the kinds named with it.
class Submit {
 public:
  /// `message` has passed `check` and its opcode is `kSubmit`.
  explicit Submit(const MessageView& message) noexcept;

  [[nodiscard]] Payload kind() const noexcept { return kind_; }
  [[nodiscard]] std::string_view name() const noexcept { return name_; }
  /// Seconds since 1970 UTC; 0 for a FACT, which has none.
  [[nodiscard]] std::uint64_t time() const noexcept;

  /// SAMPLE: one or more; DELTA: one.
  [[nodiscard]] std::size_t value_count() const noexcept { return rest_.size() / kValueSize; }
  [[nodiscard]] double value(std::size_t index) const noexcept {
    return std::bit_cast<double>(
        load_big<std::uint64_t>(rest_.data() + index * kValueSize + kFieldHeaderSize));
  }
  /// No value is a NaN or an infinity.
  [[nodiscard]] bool finite() const noexcept;

  /// TALLY: nothing stands for 1.
  [[nodiscard]] std::optional<std::uint64_t> increment() const noexcept;

  /// STATE.
  [[nodiscard]] Status status() const noexcept { return status_; }
  [[nodiscard]] std::uint32_t interval_milliseconds() const noexcept {
    return load_big<std::uint32_t>(rest_.data() + kFieldHeaderSize);
  }
  [[nodiscard]] std::optional<std::string_view> summary() const noexcept;

  /// EVENT and FACT.
  [[nodiscard]] std::string_view text() const noexcept;

 private:
  static constexpr std::size_t kValueSize = kFieldHeaderSize + sizeof(double);

  Payload kind_;
  Status status_;
  std::string_view name_;
  const std::byte* time_ = nullptr;
  std::span<const std::byte> rest_;  // The fields behind name and time.
};

}  // namespace lariat::proto
