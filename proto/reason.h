#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace lariat::proto {

/// Why a message or a line was refused. The spelling of `to_string` is a metric label.
enum class Reason : std::uint8_t {
  kNone,
  // Of a message, in the order in which they are checked.
  kShort,
  kVersion,
  kOpcode,
  kIncomplete,
  kPayload,
  kArity,
  kFrame,
  // Of a stream: it cannot go on.
  kLimit,
  kTooManyInvalid,
  // Of a line of text; names and numbers of a message as well.
  kTooLong,
  kUnknownKeyword,
  kMissingField,
  kBadTime,
  kBadNumber,
  kBadName,
  kNul,
  kBadSyntax,  ///< It is not written as its format is: of JSON.
};

/// For tables of counters indexed by reason.
inline constexpr std::size_t kReasonCount = static_cast<std::size_t>(Reason::kBadSyntax) + 1;

/// `none`, `short`, `too-long` and so on.
[[nodiscard]] std::string_view to_string(Reason reason) noexcept;

}  // namespace lariat::proto
