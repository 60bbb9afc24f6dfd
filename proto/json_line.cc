#include "proto/json_line.h"

#include <algorithm>
#include <limits>
#include <span>

namespace lariat::proto {

enum JsonLines::Key : std::uint8_t {
  kOpcode,
  kKind,
  kName,
  kTags,
  kTime,
  kValue,
  kValues,
  kIncrement,
  kStatus,
  kSummary,
  kInterval,
  kText,
  kKeys,
};

namespace {

constexpr std::array<std::string_view, 12> kKeyWords{
    "opcode", "kind",      "name",   "tags",    "time",        "value",
    "values", "increment", "status", "summary", "interval_ms", "text"};

constexpr unsigned bit(unsigned key) noexcept { return 1U << key; }
// Of any kind: "opcode", "kind", "name", "tags", "time".
constexpr unsigned kCommon = 0x1f;

struct Kind {
  std::string_view word;
  Payload payload;
  unsigned allowed;   // Keys besides the common ones, as bits.
  unsigned required;  // One of these.
};
constexpr std::array kKinds{
    Kind{"sample", Payload::kSample, 0x060, 0x060}, Kind{"delta", Payload::kDelta, 0x020, 0x020},
    Kind{"tally", Payload::kTally, 0x080, 0},       Kind{"state", Payload::kState, 0x700, 0x100},
    Kind{"event", Payload::kEvent, 0x800, 0},       Kind{"fact", Payload::kFact, 0x800, 0x800}};

struct StatusWord {
  std::string_view word;
  Status status;
};
constexpr std::array kStatuses{
    StatusWord{"OK", Status::kOk}, StatusWord{"WARNING", Status::kWarning},
    StatusWord{"CRITICAL", Status::kCritical}, StatusWord{"UNKNOWN", Status::kUnknown}};

// A tag's value: a string's inside, or a number or boolean as it is written.
std::optional<std::string_view> take_scalar(JsonCursor& cursor) noexcept {
  switch (cursor.peek()) {
    case '"':
      return cursor.string();
    case 't':
      return cursor.literal("true");
    case 'f':
      return cursor.literal("false");
    default:
      return cursor.number();
  }
}

}  // namespace

ParsedLine JsonLines::read(std::string_view line, std::uint64_t now, SeriesName& name) {
  record_ = {};
  record_.type = Record::Type::kData;
  seen_ = 0;
  time_.reset();
  done_ = false;
  name.clear();
  JsonCursor cursor(line);
  Reason reason = read_object(cursor, name);
  if (reason == Reason::kNone) reason = judge(now);
  if (reason == Reason::kNone && record_.type == Record::Type::kData) reason = name.name(record_);
  return {record_, reason};
}

Reason JsonLines::read_object(JsonCursor& cursor, SeriesName& name) {
  if (!cursor.take('{')) return Reason::kBadSyntax;
  bool first = true;
  while (!cursor.take('}')) {
    if (!first && !cursor.take(',')) return Reason::kBadSyntax;
    first = false;
    const auto word = cursor.string();
    if (!word || !cursor.take(':')) return Reason::kBadSyntax;
    const auto* const found = std::ranges::find(kKeyWords, *word);
    if (found == kKeyWords.end()) return Reason::kUnknownKeyword;
    const auto key = static_cast<Key>(found - kKeyWords.begin());
    if ((seen_ & bit(key)) != 0) return Reason::kBadSyntax;
    seen_ |= bit(key);
    const Reason reason = read_member(key, cursor, name);
    if (reason != Reason::kNone) return reason;
  }
  return cursor.peek() == '\0' ? Reason::kNone : Reason::kBadSyntax;
}

Reason JsonLines::read_member(Key key, JsonCursor& cursor, SeriesName& name) {
  switch (key) {
    case kTags:
      return read_tags(cursor, name);
    case kValues:
      return read_values(cursor);
    case kTime:
    case kValue:
    case kIncrement:
    case kInterval:
      return read_number(key, cursor);
    default:
      break;
  }
  const auto text = cursor.string();
  if (!text) return Reason::kBadSyntax;
  if (key == kName) return read_name(*text, name);
  if (key != kText && key != kSummary) return read_word(key, *text);
  Reason reason = Reason::kNone;
  record_.text = unescape_json(*text, text_, reason);
  return reason;
}

Reason JsonLines::read_word(Key key, std::string_view word) {
  if (key == kOpcode) return word == "submit" ? Reason::kNone : Reason::kUnknownKeyword;
  if (key == kStatus) {
    const auto* const found = std::ranges::find(kStatuses, word, &StatusWord::word);
    if (found == kStatuses.end()) return Reason::kUnknownKeyword;
    record_.status = found->status;
    return Reason::kNone;
  }
  done_ = word == "done";
  if (done_) return Reason::kNone;
  const auto* const found = std::ranges::find(kKinds, word, &Kind::word);
  if (found == kKinds.end()) return Reason::kUnknownKeyword;
  record_.kind = found->payload;
  return Reason::kNone;
}

Reason JsonLines::read_number(Key key, JsonCursor& cursor) {
  const Reason bad = key == kTime ? Reason::kBadTime : Reason::kBadNumber;
  const auto text = cursor.number();
  if (!text) return bad;
  if (key == kTime) {
    time_ = parse_time(*text);
    return time_ ? Reason::kNone : bad;
  }
  if (key == kValue) {
    const auto value = parse_number(*text);
    record_.value = value.value_or(0);
    return value ? Reason::kNone : bad;
  }
  const auto count = parse_count(*text);
  if (!count) return bad;
  if (key == kIncrement) {
    record_.increment = count;
    return Reason::kNone;
  }
  if (*count > std::numeric_limits<std::uint32_t>::max()) return bad;
  record_.interval_milliseconds = static_cast<std::uint32_t>(*count);
  return Reason::kNone;
}

Reason JsonLines::read_name(std::string_view spelled, SeriesName& name) {
  Reason reason = Reason::kNone;
  const std::string_view full = unescape_json(spelled, name_, reason);
  if (full.find('\0') != full.npos) return Reason::kNul;
  if (full.size() > kMaxNameLength) return Reason::kBadName;
  const std::size_t blank = std::min(full.find(' '), full.size());
  name.put_metric(full.substr(0, blank));
  name.put_spelled_tags(full.substr(std::min(blank + 1, full.size())));
  return full.empty() ? Reason::kBadName : reason;
}

Reason JsonLines::read_tags(JsonCursor& cursor, SeriesName& name) {
  if (!cursor.take('{')) return Reason::kBadSyntax;
  bool first = true;
  while (!cursor.take('}')) {
    if (!first && !cursor.take(',')) return Reason::kBadSyntax;
    first = false;
    const auto key = cursor.string();
    if (!key || !cursor.take(':')) return Reason::kBadSyntax;
    const auto value = take_scalar(cursor);
    if (!value) return Reason::kBadSyntax;
    if (key->size() + value->size() > name_.size()) return Reason::kBadName;
    Reason reason = Reason::kNone;
    const std::string_view plain = unescape_json(*key, name_, reason);
    name.put_tag(plain, unescape_json(*value, std::span(name_).subspan(key->size()), reason));
    if (reason != Reason::kNone) return reason;
    if (plain.empty()) return Reason::kBadName;
  }
  return Reason::kNone;
}

Reason JsonLines::read_values(JsonCursor& cursor) {
  if (!cursor.take('[')) return Reason::kBadSyntax;
  values_.clear();
  for (bool first = true; first || !cursor.take(']'); first = false) {
    if (!first && !cursor.take(',')) return Reason::kBadSyntax;
    const auto text = cursor.number();
    const auto value = text ? parse_number(*text) : std::nullopt;
    if (!value) return Reason::kBadNumber;
    if (first) {
      record_.value = *value;
      continue;
    }
    values_ += values_.empty() ? "" : " ";
    values_ += *text;
  }
  record_.more_values = values_;
  return Reason::kNone;
}

// Whether it has all that its kind needs, and no more.
Reason JsonLines::judge(std::uint64_t now) {
  if ((seen_ & bit(kKind)) == 0) return Reason::kMissingField;
  if (done_) {
    record_.type = Record::Type::kDone;
    return (seen_ & ~(bit(kKind) | bit(kOpcode))) == 0 ? Reason::kNone : Reason::kUnknownKeyword;
  }
  const auto* const kind = std::ranges::find(kKinds, record_.kind, &Kind::payload);
  const unsigned time = record_.kind == Payload::kFact ? bit(kTime) : 0;
  if ((seen_ & ~((kCommon & ~time) | kind->allowed)) != 0) return Reason::kUnknownKeyword;
  const unsigned required = seen_ & kind->required;
  if ((seen_ & bit(kName)) == 0 || (kind->required != 0 && required == 0)) {
    return Reason::kMissingField;
  }
  if (required == 0x060) return Reason::kUnknownKeyword;  // Both `value` and `values`.
  record_.time = time_.value_or(now);
  return Reason::kNone;
}

}  // namespace lariat::proto
