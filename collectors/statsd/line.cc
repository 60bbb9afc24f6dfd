#include "collectors/statsd/line.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <system_error>

namespace lariat::statsd {
namespace {

// Takes what stands before `end` off `text`, and `end` with it.
std::string_view take_until(std::string_view& text, char end) noexcept {
  const std::size_t length = std::min(text.find(end), text.size());
  const std::string_view taken = text.substr(0, length);
  text.remove_prefix(std::min(length + 1, text.size()));
  return taken;
}

bool parse_kind(std::string_view word, Kind& kind) noexcept {
  if (word.size() == 2 && word == "ms") {
    kind = Kind::kMilliseconds;
    return true;
  }
  if (word.size() != 1) return false;
  switch (word.front()) {
    case 'c':
      kind = Kind::kCounter;
      return true;
    case 'g':
      kind = Kind::kGauge;
      return true;
    case 'h':
    case 'd':
      kind = Kind::kDistribution;
      return true;
    case 's':
      kind = Kind::kSet;
      return true;
    default:
      return false;
  }
}

// What stands for other things than a metric.
Refusal refusal_of_name(std::string_view name) noexcept {
  if (name.empty()) return Refusal::kNoName;
  if (name.front() != '_') return Refusal::kNone;
  if (name.starts_with("_e{")) return Refusal::kEvent;
  return name.starts_with("_sc|") || name == "_sc" ? Refusal::kServiceCheck : Refusal::kNone;
}

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

// Short decimal numbers, which most are: the quotient of two whole numbers that a double holds
// exactly is rounded once, as it ought to be.
bool parse_short(std::string_view digits, double& number) noexcept {
  constexpr std::size_t kMostOctets = 16;  // 15 digits and a point.
  constexpr std::array<double, kMostOctets> kPowers = {
      1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
  if (digits.size() > kMostOctets) return false;
  std::uint64_t whole = 0;
  std::size_t point = digits.size();
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (is_digit(digits[i])) {
      whole = whole * 10 + static_cast<std::uint64_t>(digits[i] - '0');
    } else if (digits[i] == '.' && point == digits.size()) {
      point = i;
    } else {
      return false;
    }
  }
  const std::size_t count = digits.size() - (point < digits.size() ? 1 : 0);
  if (count == 0 || count >= kPowers.size()) return false;
  number = static_cast<double>(whole) / kPowers[count - point];
  return true;
}

}  // namespace

std::string_view to_string(Refusal refusal) noexcept {
  constexpr std::array<std::string_view, kRefusals> kWords = {
      "none",     "no-name", "no-value",      "bad-value", "negative-counter", "unknown-kind",
      "bad-rate", "event",   "service-check", "too-long",  "kind-conflict",    "too-many-series"};
  return kWords.at(static_cast<std::size_t>(refusal));
}

Refusal parse_line(std::string_view text, Line& line) noexcept {
  if (text.size() > kMostLine) return Refusal::kTooLong;
  const std::string_view whole = text;
  line.name = take_until(text, ':');
  const Refusal refusal = refusal_of_name(line.name);
  if (refusal != Refusal::kNone) return refusal;
  if (line.name.size() == whole.size()) return Refusal::kNoValue;
  line.values = take_until(text, '|');
  if (line.values.empty()) return Refusal::kNoValue;
  if (!parse_kind(take_until(text, '|'), line.kind)) return Refusal::kUnknownKind;
  line.rate = 1;
  line.tags = {};
  while (!text.empty()) {
    std::string_view field = take_until(text, '|');
    if (field.starts_with('#')) {
      line.tags = field.substr(1);
    } else if (field.starts_with('@')) {
      field.remove_prefix(1);
      const bool good = parse_number(field, line.rate) && line.rate > 0 && line.rate <= 1;
      if (!good) return Refusal::kBadRate;
    }
  }
  return Refusal::kNone;
}

bool take_value(std::string_view& values, std::string_view& value) noexcept {
  if (values.empty()) return false;
  value = take_until(values, ':');
  return true;
}

bool parse_number(std::string_view text, double& number) noexcept {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  // A second sign is none.
  if (text.empty() || (!is_digit(text.front()) && text.front() != '.')) return false;
  double read = 0;
  if (!parse_short(text, read)) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), read);
    const bool whole = error == std::errc{} && end == text.data() + text.size();
    if (!whole || !std::isfinite(read)) return false;
  }
  number = negative ? -read : read;
  return true;
}

bool take_tag(std::string_view& tags, Tag& tag) noexcept {
  while (!tags.empty()) {
    std::string_view text = take_until(tags, ',');
    const std::size_t colon = text.find(':');
    tag.key = text.substr(0, colon);
    tag.value = colon == text.npos ? "true" : text.substr(colon + 1);
    if (!tag.key.empty() && !tag.value.empty()) return true;
  }
  return false;
}

}  // namespace lariat::statsd
