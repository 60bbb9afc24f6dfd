#include "agent/collect/ingest.h"

#include <numeric>
#include <utility>

#include "proto/bolo_text.h"
#include "proto/encode.h"
#include "proto/qname.h"

namespace lariat::collect {

using Format = config::OutputFormat;

Ingest::Ingest(const proto::DefaultTags& tags, IngestOptions options, Handlers handlers)
    : tags_(tags),
      options_(options),
      handlers_(std::move(handlers)),
      splitter_(options.max_line),
      encoder_(tags, options.interval_milliseconds) {}

bool Ingest::feed(std::span<const std::byte> octets) {
  if (lost_ || octets.empty()) return !lost_;
  if (options_.format == Format::kAuto) {
    const bool tsdp = (octets.front() & std::byte{0xf0}) == std::byte{0x10};
    options_.format = tsdp ? Format::kTsdp : Format::kText;
  }
  if (options_.format == Format::kTsdp) return feed_messages(octets);
  feed_lines({reinterpret_cast<const char*>(octets.data()), octets.size()});
  return true;
}

void Ingest::finish() {
  if (options_.format == Format::kText) {
    if (const auto line = splitter_.finish()) take_line(*line);
  } else if (!lost_ && decoder_.end() == proto::Decoder::End::kTruncated) {
    refuse(proto::Reason::kIncomplete);
  }
}

std::uint64_t Ingest::refused_total() const noexcept {
  return std::accumulate(refused_.begin(), refused_.end(), std::uint64_t{0});
}

bool Ingest::feed_messages(std::span<const std::byte> octets) {
  if (names_tags_ != tags_) {
    names_tags_ = tags_;
    names_.forget();
  }
  decoder_.feed(octets);
  while (const auto event = decoder_.next()) {
    switch (event->outcome) {
      case proto::Decoder::Outcome::kMessage:
        take_message(event->message);
        break;
      case proto::Decoder::Outcome::kInvalid:
        refuse(event->reason);
        break;
      case proto::Decoder::Outcome::kFatal:
        refuse(event->reason);
        lost_ = true;
        return false;
    }
  }
  return true;
}

void Ingest::take_message(const proto::MessageView& message) {
  if (message.opcode() == proto::Opcode::kHeartbeat) {
    names_.rewind();
    if (handlers_.answered) handlers_.answered();
    return;
  }
  if (message.opcode() != proto::Opcode::kSubmit) {
    refuse(proto::Reason::kOpcode);
    return;
  }
  take_submit(message);
}

void Ingest::take_submit(const proto::MessageView& message) {
  const proto::Submit submit(message);
  if (!submit.finite()) {
    refuse(proto::Reason::kBadNumber, submit.name());
    return;
  }
  KnownNames::Known name;
  if (!find_name(submit.name(), name)) {
    refuse(proto::Reason::kBadName, submit.name());
    return;
  }
  if (!name.changed) {
    hand_on(message.bytes());
    return;
  }
  renamed_.resize(message.size() + proto::kMaxNameLength + 3);
  const auto written = proto::encode_renamed(
      renamed_, message, proto::PipeName{proto::metric_of(name.full), proto::tags_of(name.full)});
  if (written) {
    hand_on(std::span<const std::byte>(renamed_).first(written.size));
  } else {
    refuse(proto::Reason::kBadName, submit.name());
  }
}

// False if it is no good name, or has too many tags with ours.
bool Ingest::find_name(std::string_view printed, KnownNames::Known& known) {
  if (const auto found = names_.find(printed)) {
    known = *found;
    return true;
  }
  const auto full = proto::add_tags(printed, tags_, name_);
  if (!full) return false;
  known = {full.name, full.name != printed};
  names_.learn(printed, full.name);
  return true;
}

void Ingest::feed_lines(std::string_view text) {
  splitter_.feed(text);
  while (const auto line = splitter_.next()) take_line(*line);
}

void Ingest::take_line(const proto::LineSplitter::Line& line) {
  if (line.too_long) {
    refuse(proto::Reason::kTooLong, line.text);
    return;
  }
  const auto parsed = proto::parse_line(line.text);
  if (!parsed) {
    refuse(parsed.reason, line.text);
    return;
  }
  switch (parsed.record.type) {
    case proto::Record::Type::kNothing:
      return;
    case proto::Record::Type::kDone:
      if (handlers_.answered) handlers_.answered();
      return;
    case proto::Record::Type::kData:
    case proto::Record::Type::kPairs:
      break;
  }
  const auto reason = encoder_.encode(
      parsed.record, [this](std::span<const std::byte> message) { hand_on(message); });
  if (reason != proto::Reason::kNone) refuse(reason, line.text);
}

void Ingest::hand_on(std::span<const std::byte> frame) {
  if (handlers_.frame(frame)) {
    ++frames_;
  } else {
    refuse(proto::Reason::kLimit, proto::submit_name(frame));
  }
}

void Ingest::refuse(proto::Reason reason, std::string_view excerpt) {
  constexpr std::size_t kExcerpt = 200;
  const bool first = refused_[static_cast<std::size_t>(reason)]++ == 0;
  if ((first || options_.tell_each) && handlers_.refused)
    handlers_.refused(reason, excerpt.substr(0, kExcerpt));
}

}  // namespace lariat::collect
