#include "agent/collect/ingest.h"

#include <numeric>
#include <optional>
#include <utility>

#include "proto/encode.h"
#include "proto/qname.h"

namespace lariat::collect {

using Format = config::OutputFormat;

namespace {

// The formats of lines stand behind these two in both.
constexpr auto kFirstOfLines = static_cast<unsigned>(Format::kBolo);

constexpr Format output_format(proto::TextFormat format) noexcept {
  return static_cast<Format>(static_cast<unsigned>(format) + kFirstOfLines);
}
static_assert(output_format(proto::TextFormat::kJson) == Format::kJson);

std::optional<proto::TextFormat> text_format(Format format) noexcept {
  const auto number = static_cast<unsigned>(format);
  if (number < kFirstOfLines) return std::nullopt;
  return static_cast<proto::TextFormat>(number - kFirstOfLines);
}

}  // namespace

Ingest::Ingest(const proto::DefaultTags& tags, IngestOptions options, Handlers handlers)
    : tags_(tags),
      options_(std::move(options)),
      handlers_(std::move(handlers)),
      splitter_(options_.max_line) {}

bool Ingest::feed(std::span<const std::byte> octets) {
  if (lost_ || octets.empty()) return !lost_;
  if (options_.format == Format::kAuto && !reader_) {
    const bool tsdp = (octets.front() & std::byte{0xf0}) == std::byte{0x10};
    if (tsdp) options_.format = Format::kTsdp;
  }
  if (options_.format == Format::kTsdp) return feed_messages(octets);
  feed_lines({reinterpret_cast<const char*>(octets.data()), octets.size()});
  return true;
}

void Ingest::finish(const proto::PluginEnd& end, std::uint64_t time) {
  if (options_.format == Format::kTsdp) {
    if (!lost_ && decoder_.end() == proto::Decoder::End::kTruncated) {
      refuse(proto::Reason::kIncomplete);
    }
    return;
  }
  // A plugin that printed nothing has something to say as well.
  if (options_.format == Format::kNagios || options_.plugin_expected) begin_lines();
  if (!reader_) return;
  proto::PluginEnd plugin = end;
  if (const auto line = splitter_.finish()) {
    plugin.half_line = true;
    take_line(*line);
  }
  reader_->finish(
      plugin, time, [this](std::span<const std::byte> message) { hand_on(message); },
      [this](proto::Reason reason, std::string_view excerpt) { refuse(reason, excerpt); });
  if (const auto found = reader_->format()) options_.format = output_format(*found);
  reader_.reset();
}

Format Ingest::format() const noexcept {
  const auto found = reader_ ? reader_->format() : std::nullopt;
  return found ? output_format(*found) : options_.format;
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

void Ingest::begin_lines() {
  if (reader_) return;
  reader_ = std::make_unique<proto::TextReader>(tags_, options_.interval_milliseconds,
                                                text_format(options_.format), options_.check);
  if (options_.plugin_expected) reader_->expect_plugin();
}

void Ingest::feed_lines(std::string_view text) {
  begin_lines();
  splitter_.feed(text);
  while (const auto line = splitter_.next()) take_line(*line);
}

void Ingest::take_line(const proto::LineSplitter::Line& line) {
  if (line.too_long) {
    refuse(proto::Reason::kTooLong, line.text);
    return;
  }
  const auto result = reader_->take(
      line.text, now_, [this](std::span<const std::byte> message) { hand_on(message); });
  for (std::size_t i = 0; i < result.not_plugins; ++i) {
    refuse(proto::Reason::kUnknownKeyword, "words before lines of ours");
  }
  if (result.reason != proto::Reason::kNone) refuse(result.reason, line.text);
  if (result.done && handlers_.answered) handlers_.answered();
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
