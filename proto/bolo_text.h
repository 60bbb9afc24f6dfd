#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "proto/message.h"
#include "proto/reason.h"

namespace lariat::proto {

/// One line as a collector prints it, taken apart; borrows from the line.
struct Record {
  enum class Type : std::uint8_t {
    kNothing,  ///< Empty, or a comment.
    kDone,     ///< The answer to a tick is complete.
    kData,     ///< One observation of `kind`.
    kPairs,    ///< FACTs: each word of `text` is `KEY[=VALUE]`.
  };

  Type type = Type::kNothing;
  Payload kind = Payload::kSample;
  Status status = Status::kUnknown;        ///< STATE.
  std::uint64_t time = 0;                  ///< Seconds; a FACT has none.
  std::string_view name;                   ///< The name's field.
  std::string_view tags;                   ///< The field behind it, if that has the name's tags.
  double value = 0;                        ///< DELTA; SAMPLE: the first value.
  std::string_view more_values;            ///< SAMPLE: the others, good numbers between blanks.
  std::optional<std::uint64_t> increment;  ///< TALLY.
  std::optional<std::string_view> text;    ///< STATE, EVENT, FACT, pairs.
  std::optional<std::uint32_t> interval_milliseconds;  ///< STATE: how often, if it says so itself.
};

/// A record, or why the line is none.
struct [[nodiscard]] ParsedLine {
  Record record;
  Reason reason = Reason::kNone;
  explicit operator bool() const noexcept { return reason == Reason::kNone; }
};

/// Reads one line, without its line end, in either spelling: `SAMPLE 1700000000 web:load 0.5` or
/// `sample 1700000000 load host=web 0.5`. Names are not judged here. Allocates nothing.
ParsedLine parse_line(std::string_view line) noexcept;

/// Takes the first field, up to a blank or tab, and the blanks behind it off `rest`.
[[nodiscard]] std::string_view take_field(std::string_view& rest) noexcept;

/// The whole text is one number or nothing: decimal with sign, fraction, exponent; no hexadecimal,
/// no `nan`, no `inf`, no overflow. What is too small to tell from 0 is 0.
[[nodiscard]] std::optional<double> parse_number(std::string_view text) noexcept;
/// The whole text is one number from 0 to 2^64-1, digits only.
[[nodiscard]] std::optional<std::uint64_t> parse_count(std::string_view text) noexcept;
/// Seconds, a fraction being cut off; 13 digits and more are milliseconds.
[[nodiscard]] std::optional<std::uint64_t> parse_time(std::string_view text) noexcept;

}  // namespace lariat::proto
