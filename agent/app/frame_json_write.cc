#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <iterator>

#include "agent/app/frame_json.h"
#include "agent/app/json_layout.h"
#include "agent/app/json_text.h"

namespace lariat::app {
namespace {

using proto::Opcode;

constexpr std::array kStatuses{proto::Status::kOk, proto::Status::kWarning,
                               proto::Status::kCritical, proto::Status::kUnknown};

void put_key(std::string_view key, std::string& out) {
  out += out.back() == '{' ? "\"" : ",\"";
  out += key;
  out += "\":";
}

void put_text(std::span<const std::byte> body, std::string& out) {
  std::string_view text{reinterpret_cast<const char*>(body.data()), body.size()};
  const bool nul = text.ends_with('\0');
  if (nul) text.remove_suffix(1);
  const bool plain = is_utf8(text);
  if (nul && plain) return append_json_string(text, out);
  out += '{';
  put_key(plain ? "text" : "hex", out);
  if (plain) {
    append_json_string(text, out);
  } else {
    out += '"';
    append_hex(text, out);
    out += '"';
  }
  out += nul ? "}" : ",\"nul\":false}";
}

void put_value(const proto::Field& field, std::string& out) {
  const double value = field.real();
  const auto bits = std::bit_cast<std::uint64_t>(value);
  if (std::isfinite(value)) return append_json_number(value, out);
  if (std::isinf(value)) {
    out += value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
  } else if (bits == kUsualNaN) {
    out += "\"NaN\"";
  } else {
    out += "{\"bits\":\"";
    append_hex({reinterpret_cast<const char*>(field.body.data()), field.body.size()}, out);
    out += "\"}";
  }
}

void put_field(Form form, const proto::Field& field, std::string& out) {
  switch (form) {
    case Form::kText:
    case Form::kOptionalText:
      return put_text(field.body, out);
    case Form::kTime:
    case Form::kCount:
    case Form::kOptionalCount:
    case Form::kMilliseconds:
      return append_json_number(field.number(), out);
    case Form::kValue:
    case Form::kValues:
      return put_value(field, out);
  }
}

void put_values(proto::FieldIterator first, std::string& out) {
  for (char before = '['; first != std::default_sentinel; ++first, before = ',') {
    out += before;
    put_value(*first, out);
  }
  out += ']';
}

void put_fields(const proto::MessageView& message, const Layout& layout, std::string& out) {
  auto field = message.fields().begin();
  const auto end = message.fields().end();
  for (const auto& [key, form] : layout.fields) {
    if (field == end) return;
    const bool left_out = form == Form::kMilliseconds && field->number() == 0;
    if (!left_out) put_key(key, out);
    if (form == Form::kValues) return put_values(field, out);
    if (!left_out) put_field(form, *field, out);
    ++field;
  }
}

void put_kinds(std::uint16_t payloads, std::string& out) {
  put_key("kinds", out);
  char before = '[';
  for (unsigned bit = 1; bit <= proto::kAllPayloads; bit <<= 1U) {
    if ((payloads & bit) == 0) continue;
    out += before;
    before = ',';
    append_json_string(to_string(static_cast<proto::Payload>(bit)), out);
  }
  out += ']';
}

void put_flags(unsigned flags, const Layout& layout, std::string& out) {
  for (const auto& [key, bits] : layout.flags) {
    const unsigned value = (flags & bits) >> static_cast<unsigned>(std::countr_zero(bits));
    if (!std::has_single_bit(bits)) {
      put_key(key, out);
      append_json_string(to_string(kStatuses[value]), out);
    } else if (value != 0) {
      put_key(key, out);
      out += "true";
    }
  }
}

}  // namespace

void append_json(const proto::MessageView& message, std::string& out) {
  const Opcode opcode = message.opcode();
  const unsigned flags = message.flags();
  const bool transition = (flags & proto::kTransitionFlag) != 0;
  const Layout layout = json_layout(opcode, message.payload(), transition);
  out += '{';
  if (opcode != Opcode::kSubmit) {
    put_key("opcode", out);
    append_json_string(to_string(opcode), out);
  }
  if (has_one_kind(opcode)) {
    put_key("kind", out);
    append_json_string(to_string(static_cast<proto::Payload>(message.payload())), out);
  } else if (opcode != Opcode::kHeartbeat) {
    put_kinds(message.payload(), out);
  }
  put_flags(flags, layout, out);
  put_fields(message, layout, out);
  const unsigned others = flags & ~unsigned{layout.taken_flags()};
  if (others != 0) {
    put_key("flags", out);
    append_json_number(std::uint64_t{others}, out);
  }
  out += '}';
}

std::string to_json(const proto::MessageView& message) {
  std::string out;
  append_json(message, out);
  return out;
}

}  // namespace lariat::app
