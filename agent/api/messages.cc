// The C interface: what is published.

#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "agent/api/handle.h"
#include "proto/encode.h"
#include "proto/message.h"

using lariat::api::From;
using lariat::api::gate;
namespace proto = lariat::proto;

namespace {

std::uint64_t seconds_or_now(std::uint64_t time) noexcept {
  if (time != 0) return time;
  const auto now = lariat::base::wall_now().time_since_epoch();
  return static_cast<std::uint64_t>(std::chrono::floor<std::chrono::seconds>(now).count());
}

int result_of(const proto::Encoded& encoded) noexcept {
  switch (encoded.error) {
    case proto::EncodeError::kNone:
      return LARIAT_OK;
    case proto::EncodeError::kTooSmall:
    case proto::EncodeError::kTooLong:
      return LARIAT_TOO_LARGE;
    case proto::EncodeError::kBadName:
    case proto::EncodeError::kWildcard:
      return LARIAT_BAD_NAME;
    case proto::EncodeError::kBadNumber:
    case proto::EncodeError::kNoValues:
      return LARIAT_BAD_NUMBER;
    case proto::EncodeError::kTooManyValues:
    case proto::EncodeError::kBadPayload:
      return LARIAT_BAD_ARGUMENT;
  }
  return LARIAT_BAD_ARGUMENT;
}

// `encode` writes a message of that name to the room it is given.
template <typename Encode>
int publish_value(lariat_publisher* publisher, const char* name, Encode encode) noexcept {
  if (const int result = gate(publisher, From::kAnywhere)) return result;
  if (name == nullptr) return LARIAT_BAD_ARGUMENT;
  auto& engine = *publisher->engine;
  std::array<char, proto::kMaxNameLength> room;
  const auto complete = proto::add_tags(name, engine.tags(), room);
  if (!complete) return LARIAT_BAD_NAME;
  const proto::PipeName parts{.metric = proto::metric_of(complete.name),
                              .tags = proto::tags_of(complete.name)};
  std::array<std::byte, proto::kEncodeBufferSize> message;
  const proto::Encoded encoded = encode(std::span<std::byte>(message), parts);
  if (!encoded) return result_of(encoded);
  return engine.publish(std::span(message).first(encoded.size));
}

}  // namespace

int lariat_publish(lariat_publisher* publisher, const void* message, size_t length) noexcept {
  if (const int result = gate(publisher, From::kAnywhere)) return result;
  if (message == nullptr) return LARIAT_BAD_ARGUMENT;
  const std::span bytes(static_cast<const std::byte*>(message), length);
  const proto::MessageView view(bytes);
  if (proto::check(view) != proto::Reason::kNone || view.opcode() != proto::Opcode::kSubmit) {
    return LARIAT_BAD_MESSAGE;
  }
  return publisher->engine->publish(bytes);
}

int lariat_sample(lariat_publisher* publisher, const char* name, uint64_t time,
                  const double* values, size_t count) noexcept {
  if (values == nullptr && count != 0) return LARIAT_BAD_ARGUMENT;
  return publish_value(
      publisher, name, [&](std::span<std::byte> out, const proto::PipeName& parts) {
        return proto::encode_sample(out, parts, seconds_or_now(time), std::span(values, count));
      });
}

int lariat_tally(lariat_publisher* publisher, const char* name, uint64_t time,
                 uint64_t increment) noexcept {
  return publish_value(publisher, name,
                       [&](std::span<std::byte> out, const proto::PipeName& parts) {
                         return proto::encode_tally(out, parts, seconds_or_now(time), increment);
                       });
}

int lariat_delta(lariat_publisher* publisher, const char* name, uint64_t time,
                 double reading) noexcept {
  return publish_value(publisher, name,
                       [&](std::span<std::byte> out, const proto::PipeName& parts) {
                         return proto::encode_delta(out, parts, seconds_or_now(time), reading);
                       });
}

int lariat_state(lariat_publisher* publisher, const char* name, uint64_t time, int status,
                 const char* summary) noexcept {
  if (status < LARIAT_STATUS_OK || status > LARIAT_STATUS_UNKNOWN) return LARIAT_BAD_ARGUMENT;
  return publish_value(publisher, name,
                       [&](std::span<std::byte> out, const proto::PipeName& parts) {
                         proto::StateReport report{.status = static_cast<proto::Status>(status)};
                         if (summary != nullptr) report.summary = summary;
                         return proto::encode_state(out, parts, seconds_or_now(time), report);
                       });
}

int lariat_event(lariat_publisher* publisher, const char* name, uint64_t time,
                 const char* text) noexcept {
  if (text == nullptr) return LARIAT_BAD_ARGUMENT;
  return publish_value(publisher, name,
                       [&](std::span<std::byte> out, const proto::PipeName& parts) {
                         return proto::encode_event(out, parts, seconds_or_now(time), text);
                       });
}

int lariat_fact(lariat_publisher* publisher, const char* name, const char* text) noexcept {
  if (text == nullptr) return LARIAT_BAD_ARGUMENT;
  return publish_value(publisher, name,
                       [&](std::span<std::byte> out, const proto::PipeName& parts) {
                         return proto::encode_fact(out, parts, text);
                       });
}
