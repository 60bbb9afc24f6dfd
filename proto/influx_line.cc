#include "proto/influx_line.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <span>
#include <system_error>

namespace lariat::proto {
namespace {

constexpr std::size_t kMostFields = 1000;  // In a line: each has a name of up to 4 KiB.
constexpr std::string_view kEscapable = ",= ";

// Where the first of `stops` stands that no backslash precedes, or the end.
std::size_t find_stop(std::string_view text, std::string_view stops) noexcept {
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (stops.find(text[at]) != stops.npos) {
      return at;
    }
  }
  return text.size();
}

// Octets of a field's value: of a text to its closing quote, else to a comma or a blank.
std::size_t value_length(std::string_view text) noexcept {
  if (!text.starts_with('"')) return std::min(text.find_first_of(", "), text.size());
  const std::size_t end = find_stop(text.substr(1), "\"");
  return std::min(end + 2, text.size());
}

// What stands behind a backslash, if that is one of `escapable`.
std::string_view unescape(std::string_view spelled, std::string_view escapable,
                          std::span<char> out) noexcept {
  if (spelled.find('\\') == spelled.npos) return spelled;
  std::size_t size = 0;
  for (std::size_t at = 0; at < spelled.size() && size < out.size(); ++at) {
    const bool escape = spelled[at] == '\\' && at + 1 < spelled.size() &&
                        escapable.find(spelled[at + 1]) != escapable.npos;
    if (escape) ++at;
    out[size++] = spelled[at];
  }
  return {out.data(), size};
}

std::optional<double> read_boolean(std::string_view text) noexcept {
  constexpr std::array<std::string_view, 5> kTrue{"t", "T", "true", "True", "TRUE"};
  constexpr std::array<std::string_view, 5> kFalse{"f", "F", "false", "False", "FALSE"};
  if (std::ranges::find(kTrue, text) != kTrue.end()) return 1;
  if (std::ranges::find(kFalse, text) != kFalse.end()) return 0;
  return std::nullopt;
}

// `5i` and `5u` have no point and no exponent.
std::optional<double> read_number(std::string_view text) noexcept {
  if (!text.ends_with('i') && !text.ends_with('u')) return parse_number(text);
  const std::size_t first = text.starts_with('-') && text.ends_with('i') ? 1 : 0;
  text.remove_suffix(1);
  if (text.find_first_not_of("0123456789", first) != text.npos) return std::nullopt;
  return parse_number(text);
}

std::optional<std::uint64_t> read_time(std::string_view text, std::uint64_t now) noexcept {
  constexpr std::uint64_t kLastSeconds = 100'000'000'000;
  constexpr std::uint64_t kThousand = 1000;
  if (text.empty()) return now;
  const auto count = parse_count(text);
  if (!count) return std::nullopt;
  std::uint64_t divisor = 1;
  for (int steps = 0; steps < 3 && *count / divisor >= kLastSeconds; ++steps) divisor *= kThousand;
  return *count / divisor;
}

struct WrittenField {
  std::string_view key;
  std::string_view value;
};

// Takes `KEY=VALUE` and the comma behind it.
Reason take_written(std::string_view& fields, WrittenField& field) noexcept {
  const std::size_t equals = find_stop(fields, ",= ");
  if (equals == fields.size() || fields[equals] != '=') return Reason::kMissingField;
  if (equals == 0) return Reason::kBadName;
  field.key = fields.substr(0, equals);
  fields.remove_prefix(equals + 1);
  field.value = fields.substr(0, value_length(fields));
  fields.remove_prefix(field.value.size());
  if (fields.empty() || fields.front() == ' ') return Reason::kNone;
  if (fields.front() != ',') return Reason::kBadNumber;
  fields.remove_prefix(1);
  return fields.empty() || fields.front() == ' ' ? Reason::kMissingField : Reason::kNone;
}

bool at_end(std::string_view fields) noexcept { return fields.empty() || fields.front() == ' '; }

}  // namespace

// Twice: the whole line is good, or nothing is handed out.
Reason InfluxLines::read(std::string_view line, std::uint64_t now, SeriesName& name, Sink sink) {
  Reason reason = read_series(line, name);
  if (reason != Reason::kNone) return reason;
  Record record;
  record.type = Record::Type::kData;
  for (const bool hand_out : {false, true}) {
    std::string_view rest = line;
    std::size_t fields = 0;
    do {
      if (++fields > kMostFields) return Reason::kLimit;
      WrittenField field;
      reason = take_written(rest, field);
      if (reason == Reason::kNone) reason = read_value(field.value, record);
      if (reason != Reason::kNone) return reason;
      name.clear_metric();
      name.put_metric(plain(measurement_));
      if (field.key != "value") name.put_part(plain(field.key));
      reason = name.name(record);
      if (reason == Reason::kNone && hand_out) reason = sink(record);
      if (reason != Reason::kNone) return reason;
    } while (!at_end(rest));
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    const auto time = read_time(rest, now);
    if (!time) return Reason::kBadTime;
    record.time = *time;
  }
  return Reason::kNone;
}

// Takes measurement and tags, and the blanks behind them.
Reason InfluxLines::read_series(std::string_view& line, SeriesName& name) {
  name.clear();
  const std::string_view spelled = line.substr(0, find_stop(line, ", "));
  if (spelled.empty() || spelled.size() > kMaxNameLength) return Reason::kBadName;
  line.remove_prefix(spelled.size());
  while (line.starts_with(',')) {
    line.remove_prefix(1);
    const std::string_view key = line.substr(0, find_stop(line, ",= "));
    if (key.empty() || key.size() == line.size() || line[key.size()] != '=') {
      return Reason::kBadName;
    }
    line.remove_prefix(key.size() + 1);
    const std::string_view value = line.substr(0, find_stop(line, ",= "));
    line.remove_prefix(value.size());
    if (value.empty() || line.starts_with('=')) return Reason::kBadName;
    if (key.size() + value.size() > piece_.size()) return Reason::kBadName;
    const std::string_view plain_key = unescape(key, kEscapable, piece_);
    name.put_tag(plain_key, unescape(value, kEscapable, std::span(piece_).subspan(key.size())));
  }
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  measurement_ = spelled;
  return line.empty() ? Reason::kMissingField : Reason::kNone;
}

Reason InfluxLines::read_value(std::string_view text, Record& record) {
  if (text.empty()) return Reason::kMissingField;
  if (text.front() == '"') {
    if (find_stop(text.substr(1), "\"") + 2 != text.size()) return Reason::kBadNumber;
    record.kind = Payload::kFact;
    record.text = unescape(text.substr(1, text.size() - 2), "\"\\", text_);
    return Reason::kNone;
  }
  auto value = read_boolean(text);
  if (!value) value = read_number(text);
  if (!value) return Reason::kBadNumber;
  record.kind = Payload::kSample;
  record.value = *value;
  record.text.reset();
  return Reason::kNone;
}

// A piece of a name that is too long for one is cut, which is refused later.
std::string_view InfluxLines::plain(std::string_view spelled) {
  return unescape(spelled, kEscapable, piece_);
}

}  // namespace lariat::proto
