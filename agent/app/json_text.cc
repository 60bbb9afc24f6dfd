#include "agent/app/json_text.h"

#include <array>
#include <charconv>
#include <cmath>

namespace lariat::app {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";

unsigned octet_at(std::string_view text, std::size_t at) noexcept {
  return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U;
}

struct Character {
  std::uint32_t code = 0;
  std::size_t length = 0;  // Octets; 0 is none.
};

// At the start of `text`, which is not empty.
Character first_character(std::string_view text) noexcept {
  const unsigned first = octet_at(text, 0);
  if (first < 0x80) return {first, 1};
  if (first < 0xc2 || first > 0xf4) return {};
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  std::uint32_t code = first & (0x7fU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    const unsigned octet = octet_at(text, i);
    if ((octet & 0xc0U) != 0x80U) return {};
    code = (code << 6U) | (octet & 0x3fU);
  }
  const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  const bool surrogate = code >= 0xd800 && code <= 0xdfff;
  if (overlong || surrogate || code > 0x10ffff) return {};
  return {code, length};
}

bool steers_terminal(std::uint32_t code) noexcept {
  return code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0x2028 && code <= 0x202e) ||
         (code >= 0x2066 && code <= 0x2069);
}

void append_escape(std::uint32_t code, std::string& out) {
  switch (code) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      out += "\\u";
      for (unsigned shift = 16; shift != 0; shift -= 4) {
        out += kHexDigits[(code >> (shift - 4U)) & 0x0fU];
      }
  }
}

bool is_plain(char octet) noexcept {
  return octet >= 0x20 && octet < 0x7f && octet != '"' && octet != '\\';
}

int hex_value(char digit) noexcept {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

template <typename Number>
void append_number(Number value, std::string& out) {
  std::array<char, 32> room;
  out.append(room.data(), std::to_chars(room.data(), room.data() + room.size(), value).ptr);
}

}  // namespace

bool is_utf8(std::string_view text) noexcept {
  while (!text.empty()) {
    const std::size_t length = first_character(text).length;
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

void append_json_string(std::string_view text, std::string& out) {
  out += '"';
  while (!text.empty()) {
    std::size_t plain = 0;
    while (plain < text.size() && is_plain(text[plain])) ++plain;
    out += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) break;

    const Character found = first_character(text);
    if (found.length == 0) {
      out += "\xef\xbf\xbd";
    } else if (found.code == '"' || found.code == '\\' || steers_terminal(found.code)) {
      append_escape(found.code, out);
    } else {
      out += text.substr(0, found.length);
    }
    text.remove_prefix(found.length == 0 ? 1 : found.length);
  }
  out += '"';
}

void append_json_number(double value, std::string& out) {
  append_number(value, out);
  // Most readers take `-0` for a whole number, which has no sign there.
  if (value == 0 && std::signbit(value)) out += ".0";
}

void append_json_number(std::uint64_t value, std::string& out) { append_number(value, out); }

void append_hex(std::string_view octets, std::string& out) {
  for (const char octet : octets) {
    const unsigned value = static_cast<unsigned char>(octet);
    out += kHexDigits[value >> 4U];
    out += kHexDigits[value & 0x0fU];
  }
}

bool append_from_hex(std::string_view hex, std::string& out) {
  if (hex.size() % 2 != 0) return false;
  for (; !hex.empty(); hex.remove_prefix(2)) {
    const int high = hex_value(hex[0]);
    const int low = hex_value(hex[1]);
    if (high < 0 || low < 0) return false;
    out += static_cast<char>(high * 16 + low);
  }
  return true;
}

}  // namespace lariat::app
