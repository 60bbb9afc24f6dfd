#include "proto/print.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <string_view>

#include "proto/qname.h"

namespace lariat::proto {
namespace {

// A time of 13 digits is read as milliseconds.
constexpr std::uint64_t kFirstTakenForMilliseconds = 1'000'000'000'000;

constexpr std::string_view kHexDigits = "0123456789abcdef";

template <typename Number>
void put_number(Number number, std::string& out) {
  std::array<char, 32> room;
  const auto written = std::to_chars(room.data(), room.data() + room.size(), number);
  out.append(room.data(), written.ptr);
}

unsigned octet_at(std::string_view text, std::size_t at) noexcept {
  return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U;
}

// How many octets at the start of `text`, which is not empty, are one character that a terminal may
// get: printable ASCII, tab, or UTF-8 from U+00A0 up; else 0.
std::size_t printable(std::string_view text) noexcept {
  const unsigned first = octet_at(text, 0);
  if (first < 0x80) return first == '\t' || (first >= 0x20 && first != 0x7f) ? 1 : 0;
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4) return 0;
  std::uint32_t code = first & (0x7fU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    const unsigned octet = octet_at(text, i);
    if ((octet & 0xc0U) != 0x80U) return 0;
    code = (code << 6U) | (octet & 0x3fU);
  }
  const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  const bool surrogate = code >= 0xd800 && code <= 0xdfff;
  // Line and paragraph separators, and what turns the direction of the text.
  const bool steering = (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
  return code < 0xa0 || code > 0x10ffff || overlong || surrogate || steering ? 0 : length;
}

void put_text(std::string_view text, std::string& out) {
  while (!text.empty()) {
    const std::size_t length = printable(text);
    if (length != 0) {
      out.append(text.substr(0, length));
      text.remove_prefix(length);
      continue;
    }
    const unsigned octet = octet_at(text, 0);
    out += "\\x";
    out += kHexDigits[octet >> 4U];
    out += kHexDigits[octet & 0x0fU];
    text.remove_prefix(1);
  }
}

// A reader takes the tags for such only if there is a `=`: if no tag has one, the first gets it.
void put_name(std::string_view name, std::string& out) {
  const std::string_view tags = tags_of(name);
  TagWalk walk(tags);
  Tag first;
  const bool bare = is_canonical(name) && tags.find('=') == tags.npos && walk.next(first);
  if (!bare || first.key == "*") return put_text(name, out);
  const std::size_t end = name.size() - tags.size() + first.key.size();
  put_text(name.substr(0, end), out);
  out += '=';
  put_text(name.substr(end), out);
}

void put_behind_blank(std::string_view text, std::string& out) {
  if (text.empty()) return;
  out += ' ';
  put_text(text, out);
}

void put_submit(const Submit& submit, std::string& out) {
  out += to_string(submit.kind());
  if (submit.kind() != Payload::kFact) {
    out += ' ';
    put_number(submit.time(), out);
    if (submit.time() >= kFirstTakenForMilliseconds) out += "000";
  }
  out += ' ';
  put_name(submit.name(), out);
  switch (submit.kind()) {
    case Payload::kSample:
    case Payload::kDelta:
      for (std::size_t i = 0; i < submit.value_count(); ++i) {
        out += ' ';
        put_number(submit.value(i), out);
      }
      return;
    case Payload::kTally:
      if (!submit.increment()) return;
      out += ' ';
      put_number(*submit.increment(), out);
      return;
    case Payload::kState:
      out += ' ';
      out += to_string(submit.status());
      put_behind_blank(submit.summary().value_or(""), out);
      return;
    case Payload::kEvent:
    case Payload::kFact:
      put_behind_blank(submit.text(), out);
      return;
  }
}

void put_payloads(std::uint16_t payloads, std::string& out) {
  char separator = ' ';
  for (unsigned bit = 1; bit <= kAllPayloads; bit <<= 1U) {
    if ((payloads & bit) == 0) continue;
    out += separator;
    separator = ',';
    out += to_string(static_cast<Payload>(bit));
  }
}

void put_field(const Field& field, std::string& out) {
  out += ' ';
  switch (field.type) {
    case FieldType::kUint:
    case FieldType::kTime:
      return put_number(field.number(), out);
    case FieldType::kFloat:
      return put_number(field.real(), out);
    case FieldType::kString:
      out += '"';
      put_text(field.text(), out);
      out += '"';
      return;
    case FieldType::kNil:
      out += "nil";
      return;
  }
}

// `# broadcast sample 0x80 "cpu host=a" 1700000000 60000 1.5`: kinds, flags if there are any,
// fields.
void put_comment(const MessageView& message, std::string& out) {
  out += "# ";
  out += to_string(message.opcode());
  put_payloads(message.payload(), out);
  if (message.flags() != 0) {
    out += " 0x";
    out += kHexDigits[message.flags() >> 4U];
    out += kHexDigits[message.flags() & 0x0fU];
  }
  for (const Field& field : message.fields()) put_field(field, out);
}

}  // namespace

void print_line(const MessageView& message, std::string& out) {
  if (message.opcode() == Opcode::kSubmit) {
    put_submit(Submit(message), out);
  } else {
    put_comment(message, out);
  }
}

}  // namespace lariat::proto
