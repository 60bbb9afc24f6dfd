#include "proto/encode.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <cstring>

namespace lariat::proto {
namespace {

constexpr unsigned kFirstOctet = 0x10;  // Version 1; the opcode comes in.
constexpr unsigned kFinalBit = 0x8000;

// Room of `kEncodeBufferSize` is enough for the largest layouts.
constexpr std::size_t kLargestString = kFieldHeaderSize + kMaxFieldLength;
constexpr std::size_t kNumberSize = kFieldHeaderSize + sizeof(std::uint64_t);
constexpr std::size_t kMillisecondsSize = kFieldHeaderSize + sizeof(std::uint32_t);
static_assert(kHeaderSize + kLargestString + kNumberSize + kMillisecondsSize +
                  kMaxSampleValues * kNumberSize <=
              kEncodeBufferSize);
static_assert(kHeaderSize + 3 * kLargestString + 2 * kNumberSize + kMillisecondsSize <=
              kEncodeBufferSize);

// Writes one message. The first error stays; what comes after it does nothing.
class Writer {
 public:
  Writer(std::span<std::byte> out, Opcode opcode, std::uint16_t payload,
         std::uint8_t flags = 0) noexcept
      : out_(out) {
    if (!has_room(kHeaderSize)) return;
    out_[0] = static_cast<std::byte>(kFirstOctet | static_cast<unsigned>(opcode));
    out_[1] = std::byte{flags};
    store_big(out_.data() + 2, payload);
    size_ = kHeaderSize;
  }

  void name(std::string_view name) noexcept {
    put_name(name);
    if (good() && has_wildcard(last_text())) result_.error = EncodeError::kWildcard;
  }
  void name(const PipeName& name) noexcept {
    const NameError error = fault(name);
    if (good() && error != NameError::kNone) {
      result_.error = error == NameError::kTooLong ? EncodeError::kTooLong : EncodeError::kBadName;
      result_.name_error = error;
    }
    const std::size_t tags = name.tags.empty() ? 0 : 1 + name.tags.size();
    if (!has_room(kFieldHeaderSize + name.metric.size() + tags + 1)) return;
    put_head(FieldType::kString, name.metric.size() + tags + 1);
    put_octets(name.metric);
    if (tags != 0) {
      out_[size_++] = std::byte{' '};
      put_octets(name.tags);
    }
    out_[size_++] = std::byte{0};
  }
  void pattern(std::string_view pattern) noexcept { put_name(pattern); }
  void text(std::string_view text) noexcept { put_text(cut_text(text)); }
  void time(std::uint64_t seconds) noexcept { put_number(FieldType::kTime, seconds); }
  void count(std::uint64_t count) noexcept { put_number(FieldType::kUint, count); }
  void milliseconds(std::uint32_t count) noexcept { put_number(FieldType::kUint, count); }
  void value(double value) noexcept {
    if (good() && !std::isfinite(value)) result_.error = EncodeError::kBadNumber;
    put_number(FieldType::kFloat, std::bit_cast<std::uint64_t>(value));
  }
  void values(std::span<const double> values) noexcept {
    if (good() && values.empty()) result_.error = EncodeError::kNoValues;
    if (good() && values.size() > kMaxSampleValues) result_.error = EncodeError::kTooManyValues;
    for (const double one : values) value(one);
  }
  // Fields as they are.
  void raw(std::span<const std::byte> fields) noexcept {
    if (!has_room(fields.size())) return;
    std::memcpy(out_.data() + size_, fields.data(), fields.size());
    size_ += fields.size();
  }

  // The message, its last field being the final one.
  [[nodiscard]] Encoded finish() noexcept {
    if (good() && last_ != 0) out_[last_] |= std::byte{kFinalBit >> 8U};
    return finish_raw();
  }
  [[nodiscard]] Encoded finish_raw() noexcept {
    if (good()) result_.size = size_;
    return result_;
  }

 private:
  [[nodiscard]] bool good() const noexcept { return result_.error == EncodeError::kNone; }
  [[nodiscard]] bool has_room(std::size_t octets) noexcept {
    if (good() && out_.size() - size_ < octets) result_.error = EncodeError::kTooSmall;
    return good();
  }
  void put_head(FieldType type, std::size_t length) noexcept {
    last_ = size_;
    const unsigned head = (static_cast<unsigned>(type) << 12U) | static_cast<unsigned>(length);
    store_big(out_.data() + size_, static_cast<std::uint16_t>(head));
    size_ += kFieldHeaderSize;
  }
  template <typename Unsigned>
  void put_number(FieldType type, Unsigned number) noexcept {
    if (!has_room(kFieldHeaderSize + sizeof number)) return;
    put_head(type, sizeof number);
    store_big(out_.data() + size_, number);
    size_ += sizeof number;
  }
  void put_text(std::string_view text) noexcept {
    if (!has_room(kFieldHeaderSize + text.size() + 1)) return;
    put_head(FieldType::kString, text.size() + 1);
    put_octets(text);
    out_[size_++] = std::byte{0};
  }
  void put_octets(std::string_view octets) noexcept {
    if (!octets.empty()) std::memmove(out_.data() + size_, octets.data(), octets.size());
    size_ += octets.size();
  }
  [[nodiscard]] static NameError fault(const PipeName& name) noexcept {
    if (name.metric.empty()) return NameError::kNoMetric;
    const std::size_t blank = name.tags.empty() ? 0 : 1;
    if (name.metric.size() > kMaxTextLength ||
        name.tags.size() + blank > kMaxTextLength - name.metric.size()) {
      return NameError::kTooLong;
    }
    const bool nul =
        name.metric.find('\0') != name.metric.npos || name.tags.find('\0') != name.tags.npos;
    return nul ? NameError::kNul : NameError::kNone;
  }
  // Makes the canonical form where it is to stand.
  void put_name(std::string_view name) noexcept {
    if (!has_room(kFieldHeaderSize)) return;
    const auto rest = out_.subspan(size_ + kFieldHeaderSize);
    const NameResult clean = canonical(name, {reinterpret_cast<char*>(rest.data()), rest.size()});
    if (!clean) {
      const bool no_room = clean.error == NameError::kNoRoom;
      result_.error = no_room                              ? EncodeError::kTooSmall
                      : clean.error == NameError::kTooLong ? EncodeError::kTooLong
                                                           : EncodeError::kBadName;
      result_.name_error = clean.error;
    } else if (clean.name.size() > kMaxTextLength) {
      result_.error = EncodeError::kTooLong;
      result_.name_error = NameError::kTooLong;
    } else {
      put_text(clean.name);
    }
  }
  [[nodiscard]] std::string_view last_text() const noexcept {
    const std::size_t begin = last_ + kFieldHeaderSize;
    return {reinterpret_cast<const char*>(out_.data()) + begin, size_ - begin - 1};
  }

  std::span<std::byte> out_;
  std::size_t size_ = 0;
  std::size_t last_ = 0;  // Where the last field begins; 0 is none.
  Encoded result_;
};

// Of both kinds of names: std::string_view, made canonical, and PipeName.
template <typename Name>
Encoded event(Opcode opcode, std::span<std::byte> out, const Name& name, std::uint64_t time,
              std::string_view text) noexcept {
  Writer writer(out, opcode, mask(Payload::kEvent));
  writer.name(name);
  writer.time(time);
  writer.text(text);
  return writer.finish();
}

template <typename Name>
Encoded fact(Opcode opcode, std::span<std::byte> out, const Name& name,
             std::string_view text) noexcept {
  Writer writer(out, opcode, mask(Payload::kFact));
  writer.name(name);
  writer.text(text);
  return writer.finish();
}

template <typename Name>
Encoded sample(std::span<std::byte> out, const Name& name, std::uint64_t time,
               std::span<const double> values) noexcept {
  Writer writer(out, Opcode::kSubmit, mask(Payload::kSample));
  writer.name(name);
  writer.time(time);
  writer.values(values);
  return writer.finish();
}

template <typename Name>
Encoded tally(std::span<std::byte> out, const Name& name, std::uint64_t time,
              std::optional<std::uint64_t> increment) noexcept {
  Writer writer(out, Opcode::kSubmit, mask(Payload::kTally));
  writer.name(name);
  writer.time(time);
  if (increment) writer.count(*increment);
  return writer.finish();
}

template <typename Name>
Encoded delta(std::span<std::byte> out, const Name& name, std::uint64_t time,
              double reading) noexcept {
  Writer writer(out, Opcode::kSubmit, mask(Payload::kDelta));
  writer.name(name);
  writer.time(time);
  writer.value(reading);
  return writer.finish();
}

template <typename Name>
Encoded state(std::span<std::byte> out, const Name& name, std::uint64_t time,
              const StateReport& report) noexcept {
  Writer writer(out, Opcode::kSubmit, mask(Payload::kState),
                static_cast<std::uint8_t>(report.status));
  writer.name(name);
  writer.time(time);
  writer.milliseconds(report.interval_milliseconds);
  if (report.summary) writer.text(*report.summary);
  return writer.finish();
}

Writer windowed(std::span<std::byte> out, Payload payload, std::string_view name,
                const Window& window) noexcept {
  Writer writer(out, Opcode::kBroadcast, mask(payload), window.flags);
  writer.name(name);
  writer.time(window.start);
  writer.milliseconds(window.milliseconds);
  return writer;
}

Encoded pattern_message(std::span<std::byte> out, Opcode opcode, std::uint8_t flags,
                        std::uint16_t payloads, std::string_view pattern) noexcept {
  const unsigned allowed = opcode == Opcode::kForget ? kForgettablePayloads : kAllPayloads;
  if (payloads == 0 || (payloads & ~allowed) != 0) return {0, EncodeError::kBadPayload};
  Writer writer(out, opcode, payloads, flags);
  writer.pattern(pattern);
  return writer.finish();
}

std::uint8_t state_flags(const StateBroadcast& state) noexcept {
  unsigned flags = static_cast<unsigned>(state.now.status);
  if (state.fresh) flags |= kFreshFlag;
  if (state.previous) {
    flags |= kTransitionFlag | static_cast<unsigned>(state.previous->status) << 2U;
  }
  return static_cast<std::uint8_t>(flags);
}

template <typename Name>
Encoded rename(std::span<std::byte> out, const MessageView& message, const Name& name) noexcept {
  assert(check(message) == Reason::kNone);
  const auto bytes = message.bytes();
  const std::size_t old_name = load_big<std::uint16_t>(bytes.data() + kHeaderSize) & 0x0fffU;
  Writer writer(out, message.opcode(), message.payload(), message.flags());
  writer.name(name);
  writer.raw(bytes.subspan(kHeaderSize + kFieldHeaderSize + old_name));
  return writer.finish_raw();
}

}  // namespace

std::string_view to_string(EncodeError error) noexcept {
  switch (error) {
    case EncodeError::kNone:
      return "the message is good";
    case EncodeError::kTooSmall:
      return "the buffer is too small for the message";
    case EncodeError::kTooLong:
      return "the name is too long: 4094 octets are the most in a message";
    case EncodeError::kBadName:
      return "the name is not good: write `METRIC TAG=VALUE,…`";
    case EncodeError::kWildcard:
      return "the name has a wildcard, which only a pattern may have: write `\\*` for the octet";
    case EncodeError::kBadNumber:
      return "the number is not finite: leave it out";
    case EncodeError::kNoValues:
      return "there is no value: give at least one";
    case EncodeError::kTooManyValues:
      return "there are too many values: 1000 are the most in a message";
    case EncodeError::kBadPayload:
      return "the payload mask is not one that the opcode takes";
  }
  return "?";
}

Encoded encode_sample(std::span<std::byte> out, std::string_view name, std::uint64_t time,
                      std::span<const double> values) noexcept {
  return sample(out, name, time, values);
}

Encoded encode_sample(std::span<std::byte> out, const PipeName& name, std::uint64_t time,
                      std::span<const double> values) noexcept {
  return sample(out, name, time, values);
}

Encoded encode_tally(std::span<std::byte> out, std::string_view name, std::uint64_t time,
                     std::optional<std::uint64_t> increment) noexcept {
  return tally(out, name, time, increment);
}

Encoded encode_tally(std::span<std::byte> out, const PipeName& name, std::uint64_t time,
                     std::optional<std::uint64_t> increment) noexcept {
  return tally(out, name, time, increment);
}

Encoded encode_delta(std::span<std::byte> out, std::string_view name, std::uint64_t time,
                     double reading) noexcept {
  return delta(out, name, time, reading);
}

Encoded encode_delta(std::span<std::byte> out, const PipeName& name, std::uint64_t time,
                     double reading) noexcept {
  return delta(out, name, time, reading);
}

Encoded encode_state(std::span<std::byte> out, std::string_view name, std::uint64_t time,
                     const StateReport& report) noexcept {
  return state(out, name, time, report);
}

Encoded encode_state(std::span<std::byte> out, const PipeName& name, std::uint64_t time,
                     const StateReport& report) noexcept {
  return state(out, name, time, report);
}

Encoded encode_event(std::span<std::byte> out, std::string_view name, std::uint64_t time,
                     std::string_view text) noexcept {
  return event(Opcode::kSubmit, out, name, time, text);
}

Encoded encode_event(std::span<std::byte> out, const PipeName& name, std::uint64_t time,
                     std::string_view text) noexcept {
  return event(Opcode::kSubmit, out, name, time, text);
}

Encoded encode_fact(std::span<std::byte> out, std::string_view name,
                    std::string_view text) noexcept {
  return fact(Opcode::kSubmit, out, name, text);
}

Encoded encode_fact(std::span<std::byte> out, const PipeName& name,
                    std::string_view text) noexcept {
  return fact(Opcode::kSubmit, out, name, text);
}

Encoded encode_broadcast_sample(std::span<std::byte> out, std::string_view name,
                                const Window& window, std::span<const double> values) noexcept {
  Writer writer = windowed(out, Payload::kSample, name, window);
  writer.values(values);
  return writer.finish();
}

Encoded encode_broadcast_tally(std::span<std::byte> out, std::string_view name,
                               const Window& window, std::uint64_t total) noexcept {
  Writer writer = windowed(out, Payload::kTally, name, window);
  writer.count(total);
  return writer.finish();
}

Encoded encode_broadcast_delta(std::span<std::byte> out, std::string_view name,
                               const Window& window, double rate) noexcept {
  Writer writer = windowed(out, Payload::kDelta, name, window);
  writer.value(rate);
  return writer.finish();
}

Encoded encode_broadcast_state(std::span<std::byte> out, std::string_view name,
                               const StateBroadcast& state) noexcept {
  Writer writer(out, Opcode::kBroadcast, mask(Payload::kState), state_flags(state));
  writer.name(name);
  writer.milliseconds(state.freshness_milliseconds);
  if (state.previous) {
    writer.time(state.previous->time);
    writer.text(state.previous->summary);
  }
  writer.time(state.now.time);
  writer.text(state.now.summary);
  return writer.finish();
}

Encoded encode_broadcast_event(std::span<std::byte> out, std::string_view name, std::uint64_t time,
                               std::string_view text) noexcept {
  return event(Opcode::kBroadcast, out, name, time, text);
}

Encoded encode_broadcast_fact(std::span<std::byte> out, std::string_view name,
                              std::string_view text) noexcept {
  return fact(Opcode::kBroadcast, out, name, text);
}

Encoded encode_forget(std::span<std::byte> out, std::uint16_t payloads,
                      std::string_view pattern) noexcept {
  return pattern_message(out, Opcode::kForget, 0, payloads, pattern);
}

Encoded encode_replay(std::span<std::byte> out, std::uint16_t payloads) noexcept {
  if (payloads == 0 || (payloads & ~unsigned{kAllPayloads}) != 0) {
    return {0, EncodeError::kBadPayload};
  }
  return Writer(out, Opcode::kReplay, payloads).finish();
}

Encoded encode_subscribe(std::span<std::byte> out, std::uint16_t payloads,
                         std::string_view pattern) noexcept {
  return pattern_message(out, Opcode::kSubscribe, 0, payloads, pattern);
}

Encoded encode_unsubscribe(std::span<std::byte> out, std::uint16_t payloads,
                           std::string_view pattern) noexcept {
  return pattern_message(out, Opcode::kSubscribe, kUnsubscribeFlag, payloads, pattern);
}

void encode_heartbeat(std::span<std::byte, kHeartbeatSize> out, std::uint64_t unix_seconds,
                      std::uint64_t count) noexcept {
  Writer writer(out, Opcode::kHeartbeat, 0);
  writer.time(unix_seconds);
  writer.count(count);
  [[maybe_unused]] const Encoded written = writer.finish();
  assert(written.size == kHeartbeatSize);
}

Encoded encode_renamed(std::span<std::byte> out, const MessageView& message,
                       std::string_view name) noexcept {
  return rename(out, message, name);
}

Encoded encode_renamed(std::span<std::byte> out, const MessageView& message,
                       const PipeName& name) noexcept {
  return rename(out, message, name);
}

std::span<const double> take_values(std::span<const double>& rest) noexcept {
  const auto taken = rest.first(std::min(rest.size(), kMaxSampleValues));
  rest = rest.subspan(taken.size());
  return taken;
}

// A character begins with an octet that is not 10xxxxxx, at most three octets back. Where there is
// none the text is not UTF-8, and it is cut where it gets too long.
std::string_view cut_text(std::string_view text) noexcept {
  if (text.size() <= kMaxTextLength) return text;
  std::size_t end = kMaxTextLength;
  const auto continues = [text](std::size_t at) {
    return (static_cast<unsigned char>(text[at]) & 0xc0U) == 0x80U;
  };
  while (end + 3 > kMaxTextLength && continues(end)) --end;
  return text.substr(0, continues(end) ? kMaxTextLength : end);
}

}  // namespace lariat::proto
