#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error>

#include "proto/bolo_text.h"

namespace lariat::proto {
namespace {

constexpr std::size_t kMillisecondDigits = 13;

bool is_digit(char octet) noexcept { return octet >= '0' && octet <= '9'; }

std::size_t count_digits(std::string_view text) noexcept {
  const auto* end = std::find_if_not(text.begin(), text.end(), is_digit);
  return static_cast<std::size_t>(end - text.begin());
}

// Of a number that no double can hold: whether it is one too small, not one too large. What decides
// is the place of its first digit that is not 0, counted from the point, and the exponent.
bool is_tiny(std::string_view number) noexcept {
  const std::size_t exponent_at = std::min(number.find_first_of("eE"), number.size());
  const std::string_view mantissa = number.substr(0, exponent_at);
  const std::size_t point = std::min(mantissa.find('.'), mantissa.size());
  const std::size_t first = mantissa.find_first_not_of("0.");
  if (first == mantissa.npos) return true;
  const auto place = static_cast<std::int64_t>(point) - static_cast<std::int64_t>(first);

  std::string_view exponent = number.substr(exponent_at);
  exponent.remove_prefix(std::min<std::size_t>(exponent.size(), 1));
  const bool negative = exponent.starts_with('-');
  if (negative || exponent.starts_with('+')) exponent.remove_prefix(1);
  std::int64_t power = 0;
  const auto read = std::from_chars(exponent.data(), exponent.data() + exponent.size(), power);
  if (read.ec == std::errc::result_out_of_range) return negative;
  return place + (negative ? -power : power) < 0;
}

}  // namespace

std::optional<double> parse_number(std::string_view text) noexcept {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text.empty() || (!is_digit(text.front()) && text.front() != '.')) return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size()) return std::nullopt;
  if (error == std::errc::result_out_of_range) {
    if (!is_tiny(text)) return std::nullopt;
    value = 0;
  } else if (error != std::errc{} || !std::isfinite(value)) {
    return std::nullopt;
  }
  return negative ? -value : value;
}

std::optional<std::uint64_t> parse_count(std::string_view text) noexcept {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::uint64_t> parse_time(std::string_view text) noexcept {
  const std::size_t digits = count_digits(text);
  const std::string_view fraction = text.substr(digits);
  if (!fraction.empty()) {
    const std::size_t behind_point = fraction.size() - 1;
    if (fraction.front() != '.' || behind_point == 0) return std::nullopt;
    if (count_digits(fraction.substr(1)) != behind_point) return std::nullopt;
  }
  // The last three digits are a fraction as well then.
  const std::size_t seconds = digits < kMillisecondDigits ? digits : digits - 3;
  return parse_count(text.substr(0, seconds));
}

}  // namespace lariat::proto
