#include "agent/app/json_layout.h"

#include <array>

namespace lariat::app {
namespace {

constexpr FieldKey kName{"name", Form::kText};
constexpr FieldKey kTime{"time", Form::kTime};
constexpr FieldKey kText{"text", Form::kText};
constexpr FieldKey kSummary{"summary", Form::kText};
constexpr FieldKey kWindow{"window_ms", Form::kMilliseconds};
constexpr FieldKey kFreshness{"freshness_ms", Form::kMilliseconds};
constexpr FieldKey kValue{"value", Form::kValue};
constexpr FieldKey kValues{"values", Form::kValues};

constexpr std::array kSample{kName, kTime, kValues};
constexpr std::array kTally{kName, kTime, FieldKey{"increment", Form::kOptionalCount}};
constexpr std::array kDelta{kName, kTime, kValue};
constexpr std::array kState{kName, kTime, FieldKey{"interval_ms", Form::kMilliseconds},
                            FieldKey{"summary", Form::kOptionalText}};
constexpr std::array kEvent{kName, kTime, kText};
constexpr std::array kFact{kName, kText};

constexpr std::array kBroadcastSample{kName, kTime, kWindow, kValues};
constexpr std::array kBroadcastTally{kName, kTime, kWindow, FieldKey{"total", Form::kCount}};
constexpr std::array kBroadcastDelta{kName, kTime, kWindow, kValue};
constexpr std::array kBroadcastState{kName, kFreshness, kTime, kSummary};
constexpr std::array kTransition{kName,
                                 kFreshness,
                                 FieldKey{"previous_time", Form::kTime},
                                 FieldKey{"previous_summary", Form::kText},
                                 kTime,
                                 kSummary};

constexpr std::array kHeartbeat{kTime, FieldKey{"count", Form::kCount}};
constexpr std::array kPattern{FieldKey{"pattern", Form::kText}};

constexpr FlagKey kStatus{"status", proto::kStatusFlags};
constexpr FlagKey kFresh{"fresh", proto::kFreshFlag};
constexpr std::array kStateFlags{kStatus};
constexpr std::array kBroadcastStateFlags{kStatus, kFresh};
constexpr std::array kTransitionFlags{kStatus, kFresh,
                                      FlagKey{"previous_status", proto::kPreviousStatusFlags}};
constexpr std::array kWindowFlags{FlagKey{"closed", proto::kClosedFlag}};
constexpr std::array kSubscribeFlags{FlagKey{"unsubscribe", proto::kUnsubscribeFlag}};

Layout submit_layout(proto::Payload kind) noexcept {
  switch (kind) {
    case proto::Payload::kSample:
      return {kSample, {}};
    case proto::Payload::kTally:
      return {kTally, {}};
    case proto::Payload::kDelta:
      return {kDelta, {}};
    case proto::Payload::kState:
      return {kState, kStateFlags};
    case proto::Payload::kEvent:
      return {kEvent, {}};
    case proto::Payload::kFact:
      return {kFact, {}};
  }
  return {};
}

Layout broadcast_layout(proto::Payload kind, bool transition) noexcept {
  switch (kind) {
    case proto::Payload::kSample:
      return {kBroadcastSample, kWindowFlags};
    case proto::Payload::kTally:
      return {kBroadcastTally, kWindowFlags};
    case proto::Payload::kDelta:
      return {kBroadcastDelta, kWindowFlags};
    case proto::Payload::kState:
      return transition ? Layout{kTransition, kTransitionFlags, proto::kTransitionFlag,
                                 proto::kTransitionFlag}
                        : Layout{kBroadcastState, kBroadcastStateFlags, 0, proto::kTransitionFlag};
    case proto::Payload::kEvent:
      return {kEvent, {}};
    case proto::Payload::kFact:
      return {kFact, {}};
  }
  return {};
}

}  // namespace

std::uint8_t Layout::taken_flags() const noexcept {
  unsigned taken = shut_flags;
  for (const FlagKey& flag : flags) taken |= flag.bits;
  return static_cast<std::uint8_t>(taken);
}

Layout json_layout(proto::Opcode opcode, std::uint16_t payload, bool transition) noexcept {
  const auto kind = static_cast<proto::Payload>(payload);
  switch (opcode) {
    case proto::Opcode::kHeartbeat:
      return {kHeartbeat, {}};
    case proto::Opcode::kSubmit:
      return submit_layout(kind);
    case proto::Opcode::kBroadcast:
      return broadcast_layout(kind, transition);
    case proto::Opcode::kForget:
      return {kPattern, {}};
    case proto::Opcode::kReplay:
      return {};
    case proto::Opcode::kSubscribe:
      return {kPattern, kSubscribeFlags};
  }
  return {};
}

std::string_view wanted(Form form) noexcept {
  switch (form) {
    case Form::kText:
    case Form::kOptionalText:
      return "a text such as \"all well\", at most 4094 octets";
    case Form::kTime:
      return "seconds since 1970, a whole number such as 1700000000";
    case Form::kCount:
    case Form::kOptionalCount:
      return "a whole number from 0 to 18446744073709551615";
    case Form::kMilliseconds:
      return "milliseconds, a whole number from 0 to 4294967295";
    case Form::kValue:
      return "a number such as 1.5";
    case Form::kValues:
      return "one or more numbers such as [1.5]";
  }
  return "?";
}

}  // namespace lariat::app
