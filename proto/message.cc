#include "proto/message.h"

#include <array>
#include <cassert>
#include <cmath>

namespace lariat::proto {
namespace {

// A field's header without its final bit: type and length in one number.
using Shape = std::uint16_t;

constexpr Shape shape(FieldType type, unsigned length) noexcept {
  return static_cast<Shape>((static_cast<unsigned>(type) << 12U) | length);
}

constexpr Shape kText = shape(FieldType::kString, 0);  // Of any length.
constexpr Shape kTime = shape(FieldType::kTime, 8);
constexpr Shape kCount = shape(FieldType::kUint, 8);
constexpr Shape kMilliseconds = shape(FieldType::kUint, 4);
constexpr Shape kValue = shape(FieldType::kFloat, 8);

constexpr std::size_t kMaxListed = 6;
constexpr std::size_t kNoMaximum = ~std::size_t{0};

// The fields that a message must have: `least` to `most` of those listed, the last of which may be
// repeated if there is no maximum.
struct Layout {
  std::size_t least;
  std::size_t most;
  std::array<Shape, kMaxListed> fields;
};

constexpr Layout kHeartbeatLayout{2, 2, {kTime, kCount}};
constexpr Layout kPatternLayout{1, 1, {kText}};
constexpr Layout kNoFields{0, 0, {}};
constexpr Layout kTransition{6, 6, {kText, kMilliseconds, kTime, kText, kTime, kText}};

// Indexed by the payload's bit number.
constexpr std::array<Layout, 6> kSubmitLayouts{{
    {3, kNoMaximum, {kText, kTime, kValue}},
    {2, 3, {kText, kTime, kCount}},
    {3, 3, {kText, kTime, kValue}},
    {3, 4, {kText, kTime, kMilliseconds, kText}},
    {3, 3, {kText, kTime, kText}},
    {2, 2, {kText, kText}},
}};
constexpr std::array<Layout, 6> kBroadcastLayouts{{
    {4, kNoMaximum, {kText, kTime, kMilliseconds, kValue}},
    {4, 4, {kText, kTime, kMilliseconds, kCount}},
    {4, 4, {kText, kTime, kMilliseconds, kValue}},
    {4, 4, {kText, kMilliseconds, kTime, kText}},
    {3, 3, {kText, kTime, kText}},
    {2, 2, {kText, kText}},
}};

// Null if the opcode does not take the payload mask.
const Layout* layout_of(const MessageView& message) noexcept {
  const unsigned payload = message.payload();
  // std::has_single_bit would be a call: not every processor has an instruction for it.
  const bool one_kind = payload != 0 && (payload & (payload - 1)) == 0 && payload <= kAllPayloads;
  const bool some_kinds = payload != 0 && (payload & ~unsigned{kAllPayloads}) == 0;
  const bool forgettable = payload != 0 && (payload & ~unsigned{kForgettablePayloads}) == 0;
  const auto bit = static_cast<std::size_t>(std::countr_zero(payload));
  switch (message.opcode()) {
    case Opcode::kHeartbeat:
      return payload == 0 ? &kHeartbeatLayout : nullptr;
    case Opcode::kSubmit:
      return one_kind ? &kSubmitLayouts[bit] : nullptr;
    case Opcode::kBroadcast:
      if (payload == mask(Payload::kState) && (message.flags() & kTransitionFlag) != 0) {
        return &kTransition;
      }
      return one_kind ? &kBroadcastLayouts[bit] : nullptr;
    case Opcode::kForget:
      return forgettable ? &kPatternLayout : nullptr;
    case Opcode::kReplay:
      return some_kinds ? &kNoFields : nullptr;
    case Opcode::kSubscribe:
      return some_kinds ? &kPatternLayout : nullptr;
  }
  return nullptr;
}

// What one walk learns of all fields: the shapes of the first, and whether all others are values.
struct Walk {
  std::array<Shape, kMaxListed> shapes;
  std::size_t count = 0;
  std::size_t end = kHeaderSize;
  bool others_are_values = true;
  bool complete = false;
};

Walk walk(std::span<const std::byte> bytes) noexcept {
  Walk seen;
  while (bytes.size() - seen.end >= kFieldHeaderSize) {
    const unsigned head = load_big<std::uint16_t>(bytes.data() + seen.end);
    const std::size_t length = head & 0x0fffU;
    seen.end += kFieldHeaderSize;
    if (bytes.size() - seen.end < length) break;
    seen.end += length;
    const auto found = static_cast<Shape>(head & 0x7fffU);
    if (seen.count < kMaxListed) {
      seen.shapes[seen.count] = found;
    } else {
      seen.others_are_values &= found == kValue;
    }
    ++seen.count;
    if ((head & 0x8000U) != 0) {
      seen.complete = true;
      break;
    }
  }
  return seen;
}

bool fits(const Walk& seen, const Layout& layout) noexcept {
  const bool repeats = layout.most == kNoMaximum;
  const std::size_t listed = seen.count < kMaxListed ? seen.count : kMaxListed;
  for (std::size_t i = 0; i < listed; ++i) {
    const Shape wanted = layout.fields[repeats && i >= layout.least ? layout.least - 1 : i];
    const Shape found = seen.shapes[i];
    if (found != wanted && (wanted != kText || (found & 0x7000U) != kText)) return false;
  }
  return seen.others_are_values;
}

// A SAMPLE of one value, without flags: nearly every message is one, so it is told at a glance.
bool is_plain_sample(std::span<const std::byte> bytes) noexcept {
  constexpr std::uint32_t kHeader = 0x11000001;
  constexpr std::size_t kName = kHeaderSize + kFieldHeaderSize;
  constexpr std::size_t kNumber = kFieldHeaderSize + 8;
  if (bytes.size() < kName || load_big<std::uint32_t>(bytes.data()) != kHeader) return false;
  const unsigned name = load_big<std::uint16_t>(bytes.data() + kHeaderSize);
  const std::size_t length = name & 0x0fffU;
  if ((name & 0xf000U) != kText || bytes.size() != kName + length + 2 * kNumber) return false;
  const std::byte* const time = bytes.data() + kName + length;
  return load_big<std::uint16_t>(time) == kTime &&
         load_big<std::uint16_t>(time + kNumber) == (kValue | 0x8000U);
}

}  // namespace

std::string_view to_string(Opcode opcode) noexcept {
  switch (opcode) {
    case Opcode::kHeartbeat:
      return "heartbeat";
    case Opcode::kSubmit:
      return "submit";
    case Opcode::kBroadcast:
      return "broadcast";
    case Opcode::kForget:
      return "forget";
    case Opcode::kReplay:
      return "replay";
    case Opcode::kSubscribe:
      return "subscribe";
  }
  return "?";
}

std::string_view to_string(Payload payload) noexcept {
  switch (payload) {
    case Payload::kSample:
      return "sample";
    case Payload::kTally:
      return "tally";
    case Payload::kDelta:
      return "delta";
    case Payload::kState:
      return "state";
    case Payload::kEvent:
      return "event";
    case Payload::kFact:
      return "fact";
  }
  return "?";
}

std::string_view to_string(Status status) noexcept {
  switch (status) {
    case Status::kOk:
      return "OK";
    case Status::kWarning:
      return "WARNING";
    case Status::kCritical:
      return "CRITICAL";
    case Status::kUnknown:
      return "UNKNOWN";
  }
  return "?";
}

std::uint64_t Field::number() const noexcept {
  std::uint64_t value = 0;
  for (const std::byte octet : body) value = (value << 8U) | std::to_integer<std::uint64_t>(octet);
  return value;
}

double Field::real() const noexcept {
  if (body.size() == 8) return std::bit_cast<double>(load_big<std::uint64_t>(body.data()));
  if (body.size() == 4) return std::bit_cast<float>(load_big<std::uint32_t>(body.data()));
  return 0;
}

std::string_view Field::text() const noexcept {
  std::string_view text{reinterpret_cast<const char*>(body.data()), body.size()};
  if (text.ends_with('\0')) text.remove_suffix(1);
  return text;
}

void FieldIterator::read() noexcept {
  if (rest_.size() >= kFieldHeaderSize) {
    const unsigned head = load_big<std::uint16_t>(rest_.data());
    const std::size_t length = head & 0x0fffU;
    if (rest_.size() - kFieldHeaderSize >= length) {
      field_ = {static_cast<FieldType>((head >> 12U) & 7U), static_cast<std::uint16_t>(length),
                rest_.subspan(kFieldHeaderSize, length), (head & 0x8000U) != 0};
      return;
    }
  }
  rest_ = {};
}

Reason check(const MessageView& message) noexcept {
  if (is_plain_sample(message.bytes())) return Reason::kNone;
  if (message.size() < kHeaderSize) return Reason::kShort;
  if (message.version() != 1) return Reason::kVersion;
  if (message.opcode() > Opcode::kSubscribe) return Reason::kOpcode;
  Walk seen;
  if (message.opcode() != Opcode::kReplay) {
    seen = walk(message.bytes());
    if (!seen.complete) return Reason::kIncomplete;
  }
  const Layout* layout = layout_of(message);
  if (layout == nullptr) return Reason::kPayload;
  if (seen.count < layout->least || seen.count > layout->most) return Reason::kArity;
  if (!fits(seen, *layout) || seen.end != message.size()) return Reason::kFrame;
  return Reason::kNone;
}

Submit::Submit(const MessageView& message) noexcept
    : kind_(static_cast<Payload>(message.payload())),
      status_(static_cast<Status>(message.flags() & kStatusFlags)),
      name_(submit_name(message.bytes())) {
  assert(check(message) == Reason::kNone && message.opcode() == Opcode::kSubmit);
  const auto bytes = message.bytes();
  std::size_t at = kHeaderSize;
  at += kFieldHeaderSize + (load_big<std::uint16_t>(bytes.data() + at) & 0x0fffU);
  if (kind_ != Payload::kFact) {
    time_ = bytes.data() + at + kFieldHeaderSize;
    at += kFieldHeaderSize + sizeof(std::uint64_t);
  }
  rest_ = bytes.subspan(at);
}

std::uint64_t Submit::time() const noexcept {
  return time_ == nullptr ? 0 : load_big<std::uint64_t>(time_);
}

bool Submit::finite() const noexcept {
  if (kind_ != Payload::kSample && kind_ != Payload::kDelta) return true;
  for (std::size_t i = 0; i < value_count(); ++i) {
    if (!std::isfinite(value(i))) return false;
  }
  return true;
}

std::optional<std::uint64_t> Submit::increment() const noexcept {
  if (rest_.empty()) return std::nullopt;
  return load_big<std::uint64_t>(rest_.data() + kFieldHeaderSize);
}

std::optional<std::string_view> Submit::summary() const noexcept {
  const auto behind_interval = rest_.subspan(kFieldHeaderSize + sizeof(std::uint32_t));
  if (behind_interval.empty()) return std::nullopt;
  return FieldIterator(behind_interval)->text();
}

std::string_view Submit::text() const noexcept { return FieldIterator(rest_)->text(); }

}  // namespace lariat::proto
