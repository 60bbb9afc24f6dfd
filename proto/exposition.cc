#include "proto/exposition.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "proto/number_text.h"
#include "proto/utf8.h"

namespace lariat::proto {
namespace {

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
  std::array<char, kNumberRoom> room;
  out.append(room.data(), write_number(value, room.data()));
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
    } else {
      const bool ascii = first != '\0' && static_cast<unsigned char>(first) < 0x80;
      const std::size_t character = ascii ? 1 : first == '\0' ? 0 : utf8_size(value);
      size = std::max<std::size_t>(character, 1);
      out += character > 0 ? value.substr(0, size) : std::string_view("_");
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
  append_head(family, labels, out);
  append_number(value, out);
  out += '\n';
}

void append_sample(std::string_view family, std::string_view labels, std::uint64_t value,
                   std::string& out) {
  append_head(family, labels, out);
  append_number(value, out);
  out += '\n';
}

}  // namespace lariat::proto
