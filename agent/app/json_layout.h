#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "proto/message.h"

namespace lariat::app {

/// How a field of a message, or a part of its flags, is written in JSON.
enum class Form : std::uint8_t {
  kText,
  kOptionalText,  ///< The last field, which may be missing.
  kTime,
  kCount,
  kOptionalCount,  ///< The last field, which may be missing.
  kMilliseconds,   ///< 0 is left out.
  kValue,
  kValues,  ///< One or more fields, to the last.
};

struct FieldKey {
  std::string_view key;
  Form form;
};

/// Bits of the flags with a key of their own: one bit is true or false, two are a status.
struct FlagKey {
  std::string_view key;
  std::uint8_t bits;
};

/// The keys of one kind of message besides `opcode`, `kind` or `kinds`, and `flags`.
struct Layout {
  std::span<const FieldKey> fields;  ///< In the order of the wire.
  std::span<const FlagKey> flags;
  std::uint8_t fixed_flags = 0;  ///< Set in every message of this layout.
  std::uint8_t shut_flags = 0;   ///< Said by which keys there are.

  /// The bits that the key `flags` may not have.
  [[nodiscard]] std::uint8_t taken_flags() const noexcept;
};

/// `payload` is valid for the opcode. `transition` matters to a BROADCAST STATE only.
[[nodiscard]] Layout json_layout(proto::Opcode opcode, std::uint16_t payload,
                                 bool transition) noexcept;

/// SUBMIT and BROADCAST have `kind`, others but HEARTBEAT have `kinds`.
[[nodiscard]] constexpr bool has_one_kind(proto::Opcode opcode) noexcept {
  return opcode == proto::Opcode::kSubmit || opcode == proto::Opcode::kBroadcast;
}

/// NaN as it is spelled `"NaN"`; any other has its bits.
inline constexpr std::uint64_t kUsualNaN = 0x7ff8000000000000;

/// What a key of this form wants, for a sentence: `seconds since 1970, as in 1700000000`.
[[nodiscard]] std::string_view wanted(Form form) noexcept;

}  // namespace lariat::app
