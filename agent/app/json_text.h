#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lariat::app {

/// Whether `text` is UTF-8 by the letter: no surrogates, nothing overlong.
[[nodiscard]] bool is_utf8(std::string_view text) noexcept;

/// Appends `text` as a JSON string with its quotes. What no terminal should get is escaped: what
/// controls it and what turns the direction of the text. Octets that are not UTF-8 become U+FFFD.
void append_json_string(std::string_view text, std::string& out);

/// Appends the shortest spelling that reads back as the same bits; `value` is finite.
void append_json_number(double value, std::string& out);
void append_json_number(std::uint64_t value, std::string& out);

/// Appends two lower-case digits for each octet.
void append_hex(std::string_view octets, std::string& out);
/// Appends the octets that `hex` spells, in either case; false, having appended some, if it is not
/// pairs of digits.
[[nodiscard]] bool append_from_hex(std::string_view hex, std::string& out);

}  // namespace lariat::app
