#include "proto/perfdata.h"

#include <algorithm>
#include <array>

#include "proto/bolo_text.h"

namespace lariat::proto {
namespace {

struct KnownUnit {
  std::string_view text;
  PerfUnit unit;
};
constexpr double kKibi = 1024;
constexpr PerfUnit seconds(double factor) noexcept { return {"seconds", factor}; }
constexpr PerfUnit bytes(double factor) noexcept { return {"bytes", factor}; }

constexpr std::array kUnits{
    KnownUnit{"", {}},
    KnownUnit{"%", {"percent"}},
    KnownUnit{"c", {"total", 1, true}},
    KnownUnit{"s", seconds(1)},
    KnownUnit{"ms", seconds(1e-3)},
    KnownUnit{"us", seconds(1e-6)},
    KnownUnit{"ns", seconds(1e-9)},
    KnownUnit{"B", bytes(1)},
    KnownUnit{"KB", bytes(kKibi)},
    KnownUnit{"kB", bytes(kKibi)},
    KnownUnit{"KiB", bytes(kKibi)},
    KnownUnit{"MB", bytes(kKibi* kKibi)},
    KnownUnit{"MiB", bytes(kKibi* kKibi)},
    KnownUnit{"GB", bytes(kKibi* kKibi* kKibi)},
    KnownUnit{"GiB", bytes(kKibi* kKibi* kKibi)},
    KnownUnit{"TB", bytes(kKibi* kKibi* kKibi* kKibi)},
    KnownUnit{"TiB", bytes(kKibi* kKibi* kKibi* kKibi)},
    KnownUnit{"PB", bytes(kKibi* kKibi* kKibi* kKibi* kKibi)},
    KnownUnit{"PiB", bytes(kKibi* kKibi* kKibi* kKibi* kKibi)},
    KnownUnit{"EB", bytes(kKibi* kKibi* kKibi* kKibi* kKibi* kKibi)},
    KnownUnit{"EiB", bytes(kKibi* kKibi* kKibi* kKibi* kKibi* kKibi)},
};

bool is_digit(char octet) noexcept { return octet >= '0' && octet <= '9'; }
bool is_blank(char octet) noexcept { return octet == ' ' || octet == '\t'; }

std::size_t skip_digits(std::string_view text, std::size_t at) noexcept {
  while (at < text.size() && is_digit(text[at])) ++at;
  return at;
}

// An `E` that no digit follows belongs to the unit.
std::size_t number_size(std::string_view text) noexcept {
  const auto is_sign = [text](std::size_t at) {
    return at < text.size() && (text[at] == '-' || text[at] == '+');
  };
  std::size_t end = skip_digits(text, is_sign(0) ? 1 : 0);
  if (end < text.size() && (text[end] == '.' || text[end] == ',')) end = skip_digits(text, end + 1);
  if (end >= text.size() || (text[end] != 'e' && text[end] != 'E')) return end;
  const std::size_t digits = end + (is_sign(end + 1) ? 2 : 1);
  const std::size_t behind = skip_digits(text, digits);
  return behind > digits ? behind : end;
}

// Where a label ends that begins with a quote, behind its last quote; the end if it has none.
std::size_t quoted_size(std::string_view text) noexcept {
  for (std::size_t at = 1; at < text.size(); ++at) {
    if (text[at] != '\'') continue;
    if (at + 1 < text.size() && text[at + 1] == '\'') {
      ++at;
    } else {
      return at + 1;
    }
  }
  return text.size();
}

std::string_view take_to(std::string_view& rest, char stop) noexcept {
  const std::size_t end = std::min(rest.find(stop), rest.size());
  const std::string_view taken = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return taken;
}

// The whole text is a number.
std::optional<double> read_whole(std::string_view text) noexcept {
  const auto number = read_perf_number(text);
  return number && number->size == text.size() ? std::optional(number->value) : std::nullopt;
}

}  // namespace

PerfUnit perf_unit(std::string_view text) noexcept {
  const auto* const found = std::ranges::find(kUnits, text, &KnownUnit::text);
  if (found != kUnits.end()) return found->unit;
  PerfUnit unit;
  unit.other = text;
  return unit;
}

std::optional<PerfNumber> read_perf_number(std::string_view text) noexcept {
  std::array<char, 64> room;
  const std::size_t size = number_size(text);
  if (size == 0 || size > room.size()) return std::nullopt;
  std::replace_copy(text.begin(), text.begin() + size, room.begin(), ',', '.');
  const auto value = parse_number({room.data(), size});
  return value ? std::optional(PerfNumber{*value, size}) : std::nullopt;
}

std::string_view take_perf_item(std::string_view& rest) noexcept {
  while (!rest.empty() && is_blank(rest.front())) rest.remove_prefix(1);
  std::size_t end = rest.starts_with('\'') ? quoted_size(rest) : 0;
  while (end < rest.size() && !is_blank(rest[end])) ++end;
  const std::string_view item = rest.substr(0, end);
  rest.remove_prefix(end);
  while (!rest.empty() && is_blank(rest.front())) rest.remove_prefix(1);
  return item;
}

Reason read_perf_item(std::string_view text, PerfItem& item) noexcept {
  const bool quoted = text.starts_with('\'');
  std::size_t end = quoted ? quoted_size(text) : std::min(text.find('='), text.size());
  if (end == text.size() || text[end] != '=') return Reason::kMissingField;
  item.label = text.substr(0, end);
  if (quoted) item.label = item.label.substr(1, item.label.size() - 2);
  if (item.label.empty()) return Reason::kBadName;
  item.limits = text.substr(end + 1);
  std::string_view value = take_to(item.limits, ';');
  item.unknown = value == "U";
  if (item.unknown) return Reason::kNone;
  if (value.empty()) return Reason::kMissingField;
  const auto number = read_perf_number(value);
  if (!number) return Reason::kBadNumber;
  const std::string_view unit = value.substr(number->size);
  // A date, a version and so on are no numbers.
  if (unit.find_first_of("0123456789'\".,:+-") != unit.npos) return Reason::kBadNumber;
  item.value = number->value;
  item.unit = perf_unit(unit);
  return Reason::kNone;
}

std::optional<PerfRange> read_perf_range(std::string_view text) noexcept {
  PerfRange range;
  range.inside = text.starts_with('@');
  if (range.inside) text.remove_prefix(1);
  const std::size_t colon = text.find(':');
  const std::string_view high = colon == text.npos ? text : text.substr(colon + 1);
  const std::string_view low = colon == text.npos ? std::string_view() : text.substr(0, colon);
  if (!high.empty() && !(range.high = read_whole(high))) return std::nullopt;
  if (!low.empty() && low != "~" && !(range.low = read_whole(low))) return std::nullopt;
  return range;
}

}  // namespace lariat::proto
