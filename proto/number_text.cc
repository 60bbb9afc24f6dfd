#include "proto/number_text.h"

#include <charconv>
#include <cmath>

namespace lariat::proto {
namespace {

constexpr double kWhole = 1e15;   // Below, a whole number is written as one: 1000000, not 1e+06.
constexpr double kScale = 1000;   // Three decimals: most of what a host measures has no more.
constexpr double kScaled = 1e15;  // 15 digits, of which no two numbers are the same double.
constexpr int kDecimals = 3;

template <typename Number>
char* put(Number value, char* out) noexcept {
  return std::to_chars(out, out + kNumberRoom, value).ptr;
}

// `value` if it has at most three decimals and 15 digits: then these are the shortest that give it
// back, and cheaper than a search for them. Null if it is no such number.
char* put_decimals(double value, char* out) noexcept {
  const double scaled = std::nearbyint(value * kScale);
  if (std::fabs(scaled) >= kScaled || scaled / kScale != value) return nullptr;
  auto rest = static_cast<std::uint64_t>(std::fabs(scaled));
  if (value < 0) *out++ = '-';
  const std::uint64_t fraction = rest % static_cast<std::uint64_t>(kScale);
  out = put(rest / static_cast<std::uint64_t>(kScale), out);
  *out++ = '.';
  rest = fraction;
  for (int digit = kDecimals - 1; digit >= 0; --digit) {
    out[digit] = static_cast<char>('0' + rest % 10);
    rest /= 10;
  }
  out += kDecimals;
  while (out[-1] == '0') --out;
  return out;
}

}  // namespace

char* write_number(double value, char* out) noexcept {
  if (std::fabs(value) < kWhole) {
    const auto whole = static_cast<std::int64_t>(value);
    if (static_cast<double>(whole) == value && !(value == 0 && std::signbit(value))) {
      return put(whole, out);
    }
    // Smaller ones have more digits behind the point than three, or look better with an exponent.
    constexpr double kLeast = 0.001;
    if (std::fabs(value) >= kLeast) {
      if (char* end = put_decimals(value, out)) return end;
    }
  }
  return put(value, out);
}

char* write_number(std::uint64_t value, char* out) noexcept { return put(value, out); }
char* write_number(std::int64_t value, char* out) noexcept { return put(value, out); }

}  // namespace lariat::proto
