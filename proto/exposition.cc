#include "proto/exposition.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>

namespace lariat::proto {
namespace {

unsigned octet(std::string_view text, std::size_t at) noexcept {
  return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U;
}

/// Length of the UTF-8 character that `text`, which does not begin with ASCII, begins with; 0 if
/// it begins with none.
std::size_t character_size(std::string_view text) noexcept {
  const unsigned first = octet(text, 0);
  const unsigned second = octet(text, 1);
  std::size_t size = 0;
  // The second octet says whether it is too long a spelling, a surrogate, or beyond Unicode.
  if (first >= 0xc2 && first <= 0xdf) {
    size = 2;
  } else if (first >= 0xe0 && first <= 0xef) {
    if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f)) return 0;
    size = 3;
  } else if (first >= 0xf0 && first <= 0xf4) {
    if ((first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f)) return 0;
    size = 4;
  }
  for (std::size_t at = 1; at < size; ++at) {
    if ((octet(text, at) & 0xc0U) != 0x80U) return 0;
  }
  return size;
}

void append_head(std::string_view family, std::string_view labels, std::string& out) {
  out += family;
  if (!labels.empty()) {
    out += '{';
    out += labels;
    out += '}';
  }
  out += ' ';
}

template <typename Number>
void append_number(Number value, std::string& out) {
  std::array<char, 32> room;
  const auto written = std::to_chars(room.data(), room.data() + room.size(), value);
  out.append(room.data(), written.ptr);
}

}  // namespace

void append_label_value(std::string_view value, std::string& out) {
  while (!value.empty()) {
    std::size_t size = 1;
    const char first = value.front();
    if (first == '\\') {
      out += "\\\\";
    } else if (first == '"') {
      out += "\\\"";
    } else if (first == '\n') {
      out += "\\n";
    } else if (first == '\0') {
      out += '_';
    } else if (static_cast<unsigned char>(first) < 0x80) {
      out += first;
    } else if (const std::size_t character = character_size(value); character > 0) {
      size = character;
      out += value.substr(0, size);
    } else {
      out += '_';
    }
    value.remove_prefix(size);
  }
}

void append_labels(std::span<const Label> labels, std::string& out) {
  std::array<Label, kMaxNameEntries> sorted;
  const auto all = labels.first(std::min(labels.size(), sorted.size()));
  const auto end = std::copy_if(all.begin(), all.end(), sorted.begin(),
                                [](const Label& label) { return !label.value.empty(); });
  std::sort(sorted.begin(), end, [](const Label& a, const Label& b) { return a.name < b.name; });
  for (auto label = sorted.begin(); label != end; ++label) {
    if (label != sorted.begin()) out += ',';
    out += label->name;
    out += "=\"";
    append_label_value(label->value, out);
    out += '"';
  }
}

void append_type(std::string_view family, FamilyType type, std::string& out) {
  out += "# TYPE ";
  out += family;
  out += type == FamilyType::kCounter ? " counter\n" : " gauge\n";
}

void append_sample(std::string_view family, std::string_view labels, double value,
                   std::string& out) {
  constexpr double kWhole = 1e15;  // Below, a whole number is shown as one: 1000000, not 1e+06.
  append_head(family, labels, out);
  if (std::fabs(value) < kWhole && value == std::trunc(value) &&
      !(value == 0 && std::signbit(value))) {
    append_number(static_cast<std::int64_t>(value), out);
  } else {
    append_number(value, out);
  }
  out += '\n';
}

void append_sample(std::string_view family, std::string_view labels, std::uint64_t value,
                   std::string& out) {
  append_head(family, labels, out);
  append_number(value, out);
  out += '\n';
}

}  // namespace lariat::proto
