#include "agent/app/frame_json.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "agent/app/json_layout.h"
#include "agent/app/json_text.h"

namespace lariat::app {
namespace {

using Json = nlohmann::ordered_json;
using proto::FieldType;
using proto::Opcode;

constexpr std::size_t kMaxFields = 4096;  // What a decoder takes.
constexpr std::size_t kMaxKeys = 16;      // More than any message has.
constexpr std::size_t kMaxDepth = 3;      // {"values":[{"bits":…}]}
constexpr std::size_t kExcerpt = 60;
constexpr std::array kStatuses{proto::Status::kOk, proto::Status::kWarning,
                               proto::Status::kCritical, proto::Status::kUnknown};

// Builds the tree of one line; stops at what no message has, so that it stays small.
class Builder : public nlohmann::json_sax<Json> {
 public:
  Builder() : root_(nullptr) {}

  [[nodiscard]] const Json& tree() const noexcept { return root_; }
  [[nodiscard]] std::string& error() noexcept { return error_; }

  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(number_integer_t value) override { return add(value); }
  bool number_unsigned(number_unsigned_t value) override { return add(value); }
  bool number_float(number_float_t value, const string_t&) override { return add(value); }
  bool string(string_t& value) override { return add(std::move(value)); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(Json::object()); }
  bool start_array(std::size_t) override { return open(Json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& key) override {
    Json& object = *open_.back();
    if (object.contains(key)) return fail(quoted(key) + " is there twice: write each key once");
    if (object.size() == kMaxKeys) return fail("there are more keys than any message has");
    key_ = std::move(key);
    return true;
  }

  bool parse_error(std::size_t position, const std::string& last_token,
                   const nlohmann::detail::exception& cause) override {
    constexpr int kOutOfRange = 406;
    if (cause.id == kOutOfRange) {
      return fail("a number at octet " + std::to_string(position) +
                  " is larger than any double: write \"Infinity\" or a smaller one");
    }
    return fail("this is not JSON from octet " + std::to_string(position) + " on, near " +
                quoted(last_token) + ": write one object a line, each text in double quotes");
  }

  // As JSON, cut to what fits in a sentence.
  static std::string quoted(std::string_view text) {
    std::string out;
    append_json_string(text.substr(0, kExcerpt), out);
    return out;
  }

 private:
  bool fail(std::string sentence) {
    error_ = std::move(sentence);
    return false;
  }
  Json& place(Json value) {
    if (open_.empty()) return root_ = std::move(value);
    Json& parent = *open_.back();
    if (parent.is_object()) return parent[key_] = std::move(value);
    parent.push_back(std::move(value));
    return parent.back();
  }
  bool add(Json value) {
    if (!open_.empty() && open_.back()->size() > kMaxFields) {
      return fail("a list has more entries than any message: 4096 are the most");
    }
    place(std::move(value));
    return true;
  }
  bool open(Json value) {
    if (open_.size() == kMaxDepth) {
      return fail("this is nested deeper than any message: write one flat object a line");
    }
    open_.push_back(&place(std::move(value)));
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  Json root_;
  std::vector<Json*> open_;  // No parent grows while its child is open.
  std::string key_;
  std::string error_;
};

// Writes fields one behind the other; what has no room is left out and remembered.
class FieldWriter {
 public:
  explicit FieldWriter(std::span<std::byte> out) noexcept : out_(out) {}

  void header(Opcode opcode, std::uint8_t flags, std::uint16_t payload) noexcept {
    if (!has_room(proto::kHeaderSize)) return;
    out_[0] = static_cast<std::byte>(0x10U | static_cast<unsigned>(opcode));
    out_[1] = std::byte{flags};
    proto::store_big(out_.data() + 2, payload);
    size_ = proto::kHeaderSize;
  }
  void text(std::string_view body) noexcept {
    if (!head(FieldType::kString, body.size())) return;
    if (!body.empty()) std::memcpy(out_.data() + size_, body.data(), body.size());
    size_ += body.size();
  }
  template <typename Unsigned>
  void number(FieldType type, Unsigned value) noexcept {
    if (!head(type, sizeof value)) return;
    proto::store_big(out_.data() + size_, value);
    size_ += sizeof value;
  }
  void finish() noexcept {
    if (last_ != 0 && fits()) out_[last_] |= std::byte{0x80};
  }

  [[nodiscard]] bool fits() const noexcept { return fits_ && fields_ <= kMaxFields; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  bool has_room(std::size_t octets) noexcept {
    return fits_ = fits_ && out_.size() - size_ >= octets;
  }
  bool head(FieldType type, std::size_t length) noexcept {
    if (!has_room(proto::kFieldHeaderSize + length)) return false;
    last_ = size_;
    ++fields_;
    const std::size_t head = (std::size_t{static_cast<unsigned>(type)} << 12U) | length;
    proto::store_big(out_.data() + size_, static_cast<std::uint16_t>(head));
    size_ += proto::kFieldHeaderSize;
    return true;
  }

  std::span<std::byte> out_;
  std::size_t size_ = 0;
  std::size_t last_ = 0;  // Where the last field begins; 0 is none.
  std::size_t fields_ = 0;
  bool fits_ = true;
};

std::optional<double> read_value(const Json& value) {
  if (value.is_number_float()) return value.get<double>();
  if (value.is_number_unsigned()) return static_cast<double>(value.get<std::uint64_t>());
  if (value.is_number_integer()) {
    const auto whole = value.get<std::int64_t>();
    return whole == 0 ? -0.0 : static_cast<double>(whole);  // Signed, so it was spelled `-0`.
  }
  if (const auto* text = value.get_ptr<const std::string*>()) {
    if (*text == "NaN") return std::bit_cast<double>(kUsualNaN);
    if (*text == "Infinity") return std::numeric_limits<double>::infinity();
    if (*text == "-Infinity") return -std::numeric_limits<double>::infinity();
    return std::nullopt;
  }
  if (!value.is_object() || value.size() != 1 || !value.contains("bits")) return std::nullopt;
  std::string octets;
  const auto* hex = value["bits"].get_ptr<const std::string*>();
  if (hex == nullptr || !append_from_hex(*hex, octets) || octets.size() != sizeof(double)) {
    return std::nullopt;
  }
  return std::bit_cast<double>(
      proto::load_big<std::uint64_t>(reinterpret_cast<const std::byte*>(octets.data())));
}

// The octets of a STRING with their NUL, if they have one.
std::optional<std::string> read_text(const Json& value) {
  if (const auto* text = value.get_ptr<const std::string*>()) return *text + '\0';
  if (!value.is_object()) return std::nullopt;
  std::optional<std::string> body;
  bool nul = true;
  for (const auto& [key, part] : value.items()) {
    const auto* text = part.get_ptr<const std::string*>();
    if (key == "nul" && part.is_boolean()) {
      nul = part.get<bool>();
    } else if (key == "text" && text != nullptr && !body) {
      body = *text;
    } else if (key == "hex" && text != nullptr && !body) {
      if (!append_from_hex(*text, body.emplace())) return std::nullopt;
    } else {
      return std::nullopt;
    }
  }
  if (body && nul) *body += '\0';
  return body;
}

// Reads one message from a tree. The first error stays; what comes after it does nothing.
class MessageReader {
 public:
  MessageReader(const Json& tree, std::span<std::byte> out) : tree_(tree), out_(out) {}

  base::Result<std::size_t> read() {
    read_opcode();
    if (good()) read_payload();
    if (good()) read_keys();
    if (good()) read_flags();
    if (good()) write_fields();
    if (!good()) return base::Error{std::move(error_)};
    return out_.size();
  }

 private:
  [[nodiscard]] bool good() const noexcept { return error_.empty(); }
  void fail(std::string sentence) {
    if (good()) error_ = std::move(sentence);
  }
  // `"time" is "now": write seconds since 1970, …`
  void fail(std::string_view key, std::string_view wanted) {
    const Json* value = find(key);
    std::string sentence = Builder::quoted(key);
    if (value == nullptr) {
      sentence += " is missing";
    } else {
      const std::string found = value->dump(-1, ' ', true);
      sentence += " is " + found.substr(0, kExcerpt) + (found.size() > kExcerpt ? "…" : "");
    }
    fail(sentence.append(": write ").append(wanted));
  }

  [[nodiscard]] const Json* find(std::string_view key) const {
    const auto found = tree_.find(std::string(key));
    return found == tree_.end() ? nullptr : &*found;
  }
  [[nodiscard]] const std::string* find_text(std::string_view key) const {
    const Json* value = find(key);
    return value == nullptr ? nullptr : value->get_ptr<const std::string*>();
  }

  void read_opcode() {
    if (!tree_.is_object()) return fail("a line is one object: write {\"kind\":\"sample\",…}");
    if (find("opcode") == nullptr) return;
    const std::string* name = find_text("opcode");
    for (auto code = Opcode::kHeartbeat; code <= Opcode::kSubscribe;
         code = static_cast<Opcode>(static_cast<unsigned>(code) + 1)) {
      if (name != nullptr && *name == to_string(code)) {
        opcode_ = code;
        return;
      }
    }
    fail("opcode", "submit, broadcast, heartbeat, forget, replay or subscribe");
  }

  // 0 if it is no kind.
  static unsigned kind_bit(const std::string* name) noexcept {
    for (unsigned bit = 1; bit <= proto::kAllPayloads; bit <<= 1U) {
      if (name != nullptr && *name == to_string(static_cast<proto::Payload>(bit))) return bit;
    }
    return 0;
  }

  void read_payload() {
    unsigned payload = 0;
    if (has_one_kind(opcode_)) {
      payload = kind_bit(find_text("kind"));
      if (payload == 0) fail("kind", "sample, tally, delta, state, event or fact");
    } else if (opcode_ != Opcode::kHeartbeat) {
      const bool forget = opcode_ == Opcode::kForget;
      const unsigned allowed = forget ? proto::kForgettablePayloads : proto::kAllPayloads;
      const Json* kinds = find("kinds");
      bool all_good = kinds != nullptr && kinds->is_array() && !kinds->empty();
      for (std::size_t i = 0; all_good && i < kinds->size(); ++i) {
        const unsigned bit = kind_bit((*kinds)[i].get_ptr<const std::string*>());
        all_good = (bit & allowed) != 0 && (payload & bit) == 0;
        payload |= bit;
      }
      if (!all_good) {
        fail("kinds", forget ? "some of [\"sample\",\"tally\",\"delta\",\"state\"], each once"
                             : "some of [\"sample\",\"tally\",\"delta\",\"state\",\"event\","
                               "\"fact\"], each once");
      }
    }
    payload_ = static_cast<std::uint16_t>(payload);
    const bool transition = find("previous_time") != nullptr ||
                            find("previous_summary") != nullptr ||
                            find("previous_status") != nullptr;
    layout_ = json_layout(opcode_, payload_, transition);
  }

  // Each key of the line is one of the message's.
  void read_keys() {
    std::vector<std::string_view> known{"opcode", "flags"};
    if (opcode_ != Opcode::kHeartbeat) known.push_back(has_one_kind(opcode_) ? "kind" : "kinds");
    for (const FlagKey& flag : layout_.flags) known.push_back(flag.key);
    for (const FieldKey& field : layout_.fields) known.push_back(field.key);
    for (const auto& [key, value] : tree_.items()) {
      if (std::find(known.begin(), known.end(), key) != known.end()) continue;
      std::string sentence = Builder::quoted(key) + " is no key of this message, which may have";
      for (const std::string_view one : known) sentence.append(" ").append(one);
      return fail(sentence + ": leave it out");
    }
  }

  void read_flags() {
    unsigned flags = layout_.fixed_flags;
    if (const Json* others = find("flags")) {
      const bool number = others->is_number_unsigned() && others->get<std::uint64_t>() <= 0xff;
      if (!number) return fail("flags", "a whole number from 0 to 255");
      const auto value = others->get<unsigned>();
      if ((value & layout_.taken_flags()) != 0) {
        return fail("flags", "only bits that have no key of their own, without " +
                                 std::to_string(layout_.taken_flags()));
      }
      flags |= value;
    }
    for (const FlagKey& flag : layout_.flags) flags |= read_flag(flag);
    flags_ = static_cast<std::uint8_t>(flags);
  }

  unsigned read_flag(const FlagKey& flag) {
    if (std::has_single_bit(flag.bits)) {
      const Json* value = find(flag.key);
      if (value == nullptr) return 0;
      if (!value->is_boolean()) fail(flag.key, "true or false");
      return good() && value->get<bool>() ? flag.bits : 0U;
    }
    const std::string* text = find_text(flag.key);
    for (unsigned i = 0; text != nullptr && i < kStatuses.size(); ++i) {
      if (*text == to_string(kStatuses[i])) {
        return i << static_cast<unsigned>(std::countr_zero(flag.bits));
      }
    }
    fail(flag.key, "\"OK\", \"WARNING\", \"CRITICAL\" or \"UNKNOWN\"");
    return 0;
  }

  void write_fields() {
    FieldWriter writer(out_);
    writer.header(opcode_, flags_, payload_);
    for (const FieldKey& field : layout_.fields) {
      if (good()) write_field(field, writer);
    }
    writer.finish();
    if (!writer.fits()) fail("the message is too long: write less, 4096 fields are the most");
    out_ = out_.first(good() ? writer.size() : 0);
  }

  void write_field(const FieldKey& field, FieldWriter& writer) {
    const Json* value = find(field.key);
    switch (field.form) {
      case Form::kOptionalText:
      case Form::kText:
        if (value == nullptr && field.form == Form::kOptionalText) return;
        return write_text(field, value, writer);
      case Form::kTime:
      case Form::kCount:
      case Form::kOptionalCount:
      case Form::kMilliseconds:
        return write_number(field, value, writer);
      case Form::kValue: {
        const auto number = value == nullptr ? std::nullopt : read_value(*value);
        if (!number) return fail(field.key, wanted(field.form));
        return writer.number(FieldType::kFloat, std::bit_cast<std::uint64_t>(*number));
      }
      case Form::kValues:
        if (value == nullptr || !value->is_array() || value->empty()) {
          return fail(field.key, wanted(field.form));
        }
        for (const Json& one : *value) {
          const auto number = read_value(one);
          if (!number) return fail(field.key, wanted(field.form));
          writer.number(FieldType::kFloat, std::bit_cast<std::uint64_t>(*number));
        }
    }
  }

  void write_text(const FieldKey& field, const Json* value, FieldWriter& writer) {
    const auto body = value == nullptr ? std::nullopt : read_text(*value);
    if (!body || body->size() > proto::kMaxFieldLength) return fail(field.key, wanted(field.form));
    writer.text(*body);
  }

  void write_number(const FieldKey& field, const Json* value, FieldWriter& writer) {
    const bool narrow = field.form == Form::kMilliseconds;
    if (value == nullptr && narrow) return writer.number(FieldType::kUint, std::uint32_t{0});
    if (value == nullptr && field.form == Form::kOptionalCount) return;
    if (value == nullptr || !value->is_number_unsigned()) {
      return fail(field.key, wanted(field.form));
    }
    const auto number = value->get<std::uint64_t>();
    if (!narrow) {
      const bool time = field.form == Form::kTime;
      return writer.number(time ? FieldType::kTime : FieldType::kUint, number);
    }
    const auto milliseconds = static_cast<std::uint32_t>(number);
    if (milliseconds != number) return fail(field.key, wanted(field.form));
    writer.number(FieldType::kUint, milliseconds);
  }

  const Json& tree_;
  std::span<std::byte> out_;
  Opcode opcode_ = Opcode::kSubmit;
  std::uint16_t payload_ = 0;
  std::uint8_t flags_ = 0;
  Layout layout_;
  std::string error_;
};

}  // namespace

base::Result<std::size_t> from_json(std::string_view line, std::span<std::byte> out) {
  if (line.size() > kMaxJsonLine) {
    return base::Error{"the line is longer than 1 MiB: write one message a line"};
  }
  Builder builder;
  if (!Json::sax_parse(line.begin(), line.end(), &builder)) {
    return base::Error{std::move(builder.error())};
  }
  return MessageReader(builder.tree(), out).read();
}

}  // namespace lariat::app
