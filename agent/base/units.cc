#include "agent/base/units.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <optional>
#include <span>

namespace lariat::base {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr std::array<Unit, 5> kDurations{
    {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};
constexpr std::array<Unit, 4> kSizes{
    {{"B", 1}, {"KiB", 1U << 10U}, {"MiB", 1U << 20U}, {"GiB", 1U << 30U}}};

// What a count of nanoseconds in 64 bits holds: the clocks of the program count so.
constexpr std::uint64_t kMaxMilliseconds = std::numeric_limits<std::int64_t>::max() / 1'000'000;
constexpr std::size_t kMaxDecimals = 9;

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

// The digits that `text` begins with.
std::string_view digits_of(std::string_view text) noexcept {
  const auto* end = std::find_if_not(text.begin(), text.end(), is_digit);
  return text.substr(0, static_cast<std::size_t>(end - text.begin()));
}

std::optional<std::uint64_t> number_of(std::string_view digits) noexcept {
  constexpr auto kMax = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t number = 0;
  for (const char c : digits) {
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (number > (kMax - digit) / 10) return std::nullopt;
    number = number * 10 + digit;
  }
  return number;
}

/// A quantity as it is written, not yet multiplied.
struct Written {
  std::string_view whole;
  std::string_view decimals;  // Without zeros at the end.
  std::string_view unit;
};

std::optional<Written> split(std::string_view text) noexcept {
  Written written{.whole = digits_of(text)};
  text.remove_prefix(written.whole.size());
  if (written.whole.empty()) return std::nullopt;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    written.decimals = digits_of(text);
    text.remove_prefix(written.decimals.size());
    if (written.decimals.empty()) return std::nullopt;
    while (written.decimals.ends_with('0')) written.decimals.remove_suffix(1);
  }
  written.unit = text;
  return written;
}

enum class Fault { kNone, kNotWhole, kTooLarge };

struct Quantity {
  std::uint64_t value = 0;
  Fault fault = Fault::kNone;
};

Quantity multiply(const Written& written, std::uint64_t factor, std::uint64_t most) noexcept {
  const auto whole = number_of(written.whole);
  if (!whole || *whole > most / factor) return {.fault = Fault::kTooLarge};
  if (written.decimals.size() > kMaxDecimals) return {.fault = Fault::kNotWhole};
  std::uint64_t scale = 1;
  for (std::size_t i = 0; i < written.decimals.size(); ++i) scale *= 10;
  const auto parts = number_of(written.decimals).value_or(0) * factor;  // Below 10^9 * 2^30.
  const auto value = *whole * factor;
  if (parts / scale > most - value) return {.fault = Fault::kTooLarge};
  return {.value = value + parts / scale,
          .fault = parts % scale == 0 ? Fault::kNone : Fault::kNotWhole};
}

const Unit* find_unit(std::span<const Unit> units, std::string_view name) noexcept {
  for (const auto& unit : units) {
    if (unit.name == name) return &unit;
  }
  return nullptr;
}

Error bad(std::string_view text, std::string_view why) {
  return {fmt::format("\"{}\" {}", text, why)};
}

}  // namespace

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
  constexpr std::string_view kHow =
      "is not a duration; write a number and ms, s, m, h or d, as 10s";
  const auto written = split(text);
  const auto* unit = written ? find_unit(kDurations, written->unit) : nullptr;
  if (unit == nullptr) return bad(text, kHow);
  const auto quantity = multiply(*written, unit->factor, kMaxMilliseconds);
  if (quantity.fault == Fault::kTooLarge) return bad(text, "is longer than 292 years");
  if (quantity.fault == Fault::kNotWhole) return bad(text, "is not a whole number of milliseconds");
  return std::chrono::milliseconds(static_cast<std::int64_t>(quantity.value));
}

Result<std::uint64_t> parse_size(std::string_view text) {
  constexpr std::string_view kHow =
      "is not a size; write a number and B, KiB, MiB or GiB, as 64MiB";
  const auto written = split(text);
  const auto* unit = written ? find_unit(kSizes, written->unit) : nullptr;
  if (unit == nullptr) return bad(text, kHow);
  const auto quantity = multiply(*written, unit->factor, std::numeric_limits<std::uint64_t>::max());
  if (quantity.fault == Fault::kTooLarge) return bad(text, "is more than 64 bits hold");
  if (quantity.fault == Fault::kNotWhole) return bad(text, "is not a whole number of bytes");
  return quantity.value;
}

std::string format_duration(std::chrono::milliseconds duration) {
  const auto count = duration.count();
  if (count == 0) return "0s";
  for (const auto& unit : kDurations) {
    const auto factor = static_cast<std::int64_t>(unit.factor);
    if (count % factor == 0) return fmt::format("{}{}", count / factor, unit.name);
  }
  return fmt::format("{}ms", count);
}

std::string exact_size(std::uint64_t bytes) {
  std::size_t unit = kSizes.size() - 1;
  while (unit > 0 && (bytes == 0 || bytes % kSizes.at(unit).factor != 0)) --unit;
  return fmt::format("{}{}", bytes / kSizes.at(unit).factor, kSizes.at(unit).name);
}

std::string format_size(std::uint64_t bytes) {
  constexpr std::array<std::string_view, 6> kNames{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  constexpr double kStep = 1024;
  if (bytes < 1000) return fmt::format("{} B", bytes);
  auto value = static_cast<double>(bytes) / kStep;
  std::size_t name = 0;
  // 999.5 would be written with four digits.
  for (; value >= 999.5 && name + 1 < kNames.size(); ++name) value /= kStep;
  return value < 99.95 ? fmt::format("{:.1f} {}", value, kNames.at(name))
                       : fmt::format("{:.0f} {}", value, kNames.at(name));
}

}  // namespace lariat::base
