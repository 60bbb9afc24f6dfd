#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error>

namespace lariat::sdk {

/// Takes the next line off `rest`, without its LF. False when nothing is left.
[[nodiscard]] inline bool take_line(std::string_view& rest, std::string_view& line) noexcept {
  if (rest.empty()) return false;
  const std::size_t end = std::min(rest.find('\n'), rest.size());
  line = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return true;
}

[[nodiscard]] constexpr bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }

[[nodiscard]] constexpr bool is_letter_or_digit(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// Takes the next field, up to a blank or tab, off `rest`; empty when none is left. By hand: the
/// library's `find_first_of` calls a function for each octet, and /proc has thousands.
[[nodiscard]] inline std::string_view take_word(std::string_view& rest) noexcept {
  std::size_t begin = 0;
  while (begin < rest.size() && is_blank(rest[begin])) ++begin;
  std::size_t end = begin;
  while (end < rest.size() && !is_blank(rest[end])) ++end;
  const std::string_view word = rest.substr(begin, end - begin);
  rest.remove_prefix(end);
  return word;
}

/// The whole text is one number, in hexadecimal without a prefix.
[[nodiscard]] inline std::optional<std::uint64_t> parse_hexadecimal(
    std::string_view text) noexcept {
  constexpr int kBase = 16;
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, kBase);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// The whole text is one number of this type.
template <typename Number>
[[nodiscard]] std::optional<Number> parse(std::string_view text) noexcept {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace lariat::sdk
