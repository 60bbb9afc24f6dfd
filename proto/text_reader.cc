#include "proto/text_reader.h"

#include <algorithm>
#include <utility>

#include "proto/graphite_line.h"

namespace lariat::proto {
namespace {

constexpr std::string_view kBlanks = " \t";

std::string_view trim_blanks(std::string_view text) noexcept {
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) + 1 - begin);
}

std::size_t count_fields(std::string_view line) noexcept {
  std::size_t count = 0;
  for (; !line.empty(); ++count) (void)take_field(line);
  return count;
}

bool is_prometheus_comment(std::string_view line) noexcept {
  line.remove_prefix(1);
  line.remove_prefix(std::min(line.find_first_not_of(kBlanks), line.size()));
  const std::string_view word = take_field(line);
  return (word == "HELP" || word == "TYPE") && !line.empty();
}

bool is_prometheus(std::string_view line) noexcept {
  ExpositionValue value;
  if (read_exposition_line(line, value) != Reason::kNone) return false;
  return value.time.empty() || exposition_seconds(value.time);
}

// `PATH VALUE TIME` with a time in seconds: where it is in milliseconds, it is Prometheus' own.
bool is_timed_graphite(std::string_view line, SeriesName& name) noexcept {
  constexpr std::size_t kMillisecondDigits = 13;
  if (count_fields(line) != 3 || !read_graphite(line, 0, name)) return false;
  const std::string_view time = line.substr(line.find_last_of(kBlanks) + 1);
  return time.substr(0, time.find('.')).size() < kMillisecondDigits || !is_prometheus(line);
}

constexpr auto kIgnore = [](const Record& /*record*/) { return Reason::kNone; };

}  // namespace

TextReader::TextReader(const DefaultTags& tags, std::uint32_t interval_milliseconds,
                       std::optional<TextFormat> format, std::string check)
    : format_(format),
      may_be_plugin_(!check.empty()),
      encoder_(tags, interval_milliseconds),
      nagios_(std::move(check)) {}

TextReader::Result TextReader::take(std::string_view line, std::uint64_t now,
                                    LineEncoder::Sink sink) {
  if (line.find('\0') != line.npos) return {Reason::kNul};
  if (guessed_) {
    const ParsedLine parsed = parse_line(line);
    if (is_ours(line, parsed)) {
      format_ = TextFormat::kBolo;
      guessed_ = false;
      return {encoder_.encode(parsed.record, sink), false, std::exchange(plugin_lines_, 0)};
    }
  }
  if (format_ == TextFormat::kNagios) {
    if (guessed_) ++plugin_lines_;
    return {nagios_.take(line) ? Reason::kNone : Reason::kTooLong};
  }
  if (format_ == TextFormat::kBolo) return encode(parse_line(line), sink);
  line = trim_blanks(line);
  if (line.empty()) return {};
  if (line == "done") return {Reason::kNone, true};
  if (format_) return take_known(line, now, sink);

  format_ = guess(line);
  guessed_ = format_ && format_ != TextFormat::kBolo;
  if (line.front() != '#') may_be_plugin_ = false;
  return format_ ? take(line, now, sink) : encode(parse_line(line), sink);
}

// A path of Graphite's may be a word of ours: `tally 5 1700000000`.
bool TextReader::is_ours(std::string_view line, const ParsedLine& parsed) {
  const bool says =
      parsed.record.type == Record::Type::kData || parsed.record.type == Record::Type::kPairs;
  return parsed && says && !read_graphite(trim_blanks(line), 0, name_);
}

TextReader::Result TextReader::take_known(std::string_view line, std::uint64_t now,
                                          LineEncoder::Sink sink) {
  const auto encode_one = [this, &sink](const Record& record) {
    return encoder_.encode(record, sink);
  };
  if (format_ == TextFormat::kPrometheus) return encode(prometheus_.read(line, now, name_), sink);
  if (line.front() == '#' && format_ != TextFormat::kJson) return {};
  switch (*format_) {
    case TextFormat::kInflux:
      return {influx_.read(line, now, name_, encode_one)};
    case TextFormat::kCollectd:
      return {collectd_.read(line, now, name_, encode_one)};
    case TextFormat::kJson:
      return encode(json_.read(line, now, name_), sink);
    default:
      return encode(read_graphite(line, now, name_), sink);
  }
}

TextReader::Result TextReader::encode(const ParsedLine& parsed, LineEncoder::Sink sink) {
  if (!parsed) return {parsed.reason};
  if (parsed.record.type == Record::Type::kDone) return {Reason::kNone, true};
  return {encoder_.encode(parsed.record, sink)};
}

void TextReader::finish(const PluginEnd& end, std::uint64_t now, LineEncoder::Sink sink,
                        NagiosOutput::Refused refused) {
  if (!format_ && plugin_expected_) format_ = TextFormat::kNagios;
  if (format_ != TextFormat::kNagios || end.stopped) return;
  const auto encode_one = [this, &sink](const Record& record) {
    return encoder_.encode(record, sink);
  };
  nagios_.finish(end, now, name_, encode_one, refused);
}

std::optional<TextFormat> TextReader::guess(std::string_view line) {
  if (line.front() == '#') {
    return is_prometheus_comment(line) ? std::optional(TextFormat::kPrometheus) : std::nullopt;
  }
  if (parse_line(line).reason != Reason::kUnknownKeyword) return TextFormat::kBolo;
  if (is_collectd_line(line)) return TextFormat::kCollectd;
  if (line.front() == '{') return TextFormat::kJson;
  if (may_be_plugin_ && is_nagios_line(line, 1)) return TextFormat::kNagios;
  if (is_timed_graphite(line, name_)) return TextFormat::kGraphite;
  if (is_prometheus(line)) return TextFormat::kPrometheus;
  if (influx_.read(line, 0, name_, kIgnore) == Reason::kNone) return TextFormat::kInflux;
  if (read_graphite(line, 0, name_)) return TextFormat::kGraphite;
  if (may_be_plugin_ && (plugin_expected_ || is_nagios_line(line))) return TextFormat::kNagios;
  return std::nullopt;
}

std::string_view to_string(TextFormat format) noexcept {
  switch (format) {
    case TextFormat::kBolo:
      return "bolo";
    case TextFormat::kNagios:
      return "nagios";
    case TextFormat::kPrometheus:
      return "prometheus";
    case TextFormat::kInflux:
      return "influx";
    case TextFormat::kGraphite:
      return "graphite";
    case TextFormat::kCollectd:
      return "collectd";
    case TextFormat::kJson:
      return "json";
  }
  return "?";
}

}  // namespace lariat::proto
