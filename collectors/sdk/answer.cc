#include "collectors/sdk/answer.h"

#include <algorithm>
#include <array>

#include "proto/name_parts.h"
#include "proto/print.h"
#include "proto/qname.h"

namespace lariat::sdk {
namespace {

// All of a message but its name and text.
constexpr std::size_t kFixedOctets = 64;
// A text that is longer is cut by the encoder.
constexpr std::size_t kMostText = proto::kMaxFieldLength;

void put_escaped(std::string_view plain, std::string& out) {
  std::array<char, proto::kMaxNameLength> room;
  proto::NameWriter writer(room);
  writer.put_escaped(proto::trim(plain));
  const proto::NameResult spelled = writer.result();
  // Too long: as it is, so that the encoder finds and counts it.
  out += spelled ? spelled.name : plain;
}

std::string without_the_unspeakable(std::string_view text) {
  std::string clean(text);
  std::ranges::replace_if(
      clean, [](char c) { return c == '\\' || c == '\0'; }, '_');
  return clean;
}

}  // namespace

Tags::Tags(std::span<const Pair> pairs) {
  constexpr std::string_view kMetric = "- ";
  std::string name(kMetric);
  for (const Pair& pair : pairs) {
    const std::string value = without_the_unspeakable(pair.value);
    if (proto::trim(value).empty()) continue;
    if (name.size() > kMetric.size()) name += ',';
    put_escaped(without_the_unspeakable(pair.key), name);
    name += '=';
    put_escaped(value, name);
  }
  if (name.size() == kMetric.size()) return;
  std::array<char, proto::kMaxNameLength> room;
  const proto::NameResult canonical = proto::canonical(name, room);
  text_ = canonical ? proto::tags_of(canonical.name) : std::string_view(name).substr(2);
}

void Answer::begin(std::uint64_t time) noexcept {
  size_ = 0;
  count_ = 0;
  time_ = time;
}

void Answer::end() {
  proto::encode_heartbeat(room(proto::kHeartbeatSize).first<proto::kHeartbeatSize>(), time_,
                          count_);
  size_ += proto::kHeartbeatSize;
}

void Answer::sample(std::string_view metric, double value, std::string_view tags) {
  take(proto::encode_sample(room(metric.size() + tags.size()), proto::PipeName{metric, tags}, time_,
                            {&value, 1}));
}

void Answer::delta(std::string_view metric, double reading, std::string_view tags) {
  take(proto::encode_delta(room(metric.size() + tags.size()), proto::PipeName{metric, tags}, time_,
                           reading));
}

void Answer::tally(std::string_view metric, std::uint64_t increment, std::string_view tags) {
  take(proto::encode_tally(room(metric.size() + tags.size()), proto::PipeName{metric, tags}, time_,
                           increment));
}

void Answer::state(std::string_view metric, proto::Status status, std::string_view summary,
                   std::string_view tags, std::uint32_t interval_milliseconds) {
  const proto::StateReport report{
      .status = status, .interval_milliseconds = interval_milliseconds, .summary = summary};
  take(proto::encode_state(room(metric.size() + tags.size() + kMostText),
                           proto::PipeName{metric, tags}, time_, report));
}

void Answer::event(std::string_view metric, std::string_view text, std::string_view tags) {
  take(proto::encode_event(room(metric.size() + tags.size() + kMostText),
                           proto::PipeName{metric, tags}, time_, text));
}

void Answer::fact(std::string_view metric, std::string_view text, std::string_view tags) {
  take(proto::encode_fact(room(metric.size() + tags.size() + kMostText),
                          proto::PipeName{metric, tags}, text));
}

void Answer::roll_back(const Mark& mark) noexcept {
  size_ = mark.size;
  count_ = mark.count;
}

std::span<std::byte> Answer::room(std::size_t octets) {
  const std::size_t wanted = size_ + octets + kFixedOctets;
  if (buffer_.size() < wanted) buffer_.resize(std::max(wanted, buffer_.size() * 2));
  return std::span(buffer_).subspan(size_);
}

void Answer::take(const proto::Encoded& encoded) noexcept {
  if (encoded) {
    size_ += encoded.size;
    ++count_;
  } else {
    ++refused_;
  }
}

void print(const Answer& answer, std::string& out) {
  auto rest = answer.bytes();
  for (std::size_t size = 0; (size = proto::message_size(rest)) != 0; rest = rest.subspan(size)) {
    const proto::MessageView message(rest.first(size));
    if (message.opcode() == proto::Opcode::kHeartbeat) {
      out += "done";
    } else {
      proto::print_line(message, out);
    }
    out += '\n';
  }
}

}  // namespace lariat::sdk
