#include "proto/bolo_text.h"

#include <algorithm>
#include <array>
#include <utility>

namespace lariat::proto {
namespace {

enum class Keyword : std::uint8_t { kSample, kTally, kDelta, kState, kEvent, kKey, kFact, kDone };

struct Spelling {
  std::string_view text;
  Keyword keyword;
};
constexpr std::array<Spelling, 10> kKeywords{{
    {"sample", Keyword::kSample},
    {"tally", Keyword::kTally},
    {"counter", Keyword::kTally},
    {"delta", Keyword::kDelta},
    {"rate", Keyword::kDelta},
    {"state", Keyword::kState},
    {"event", Keyword::kEvent},
    {"key", Keyword::kKey},
    {"fact", Keyword::kFact},
    {"done", Keyword::kDone},
}};

struct StatusWord {
  std::string_view text;
  Status status;
};
constexpr std::array<StatusWord, 9> kStatusWords{{
    {"0", Status::kOk},
    {"ok", Status::kOk},
    {"okay", Status::kOk},
    {"1", Status::kWarning},
    {"warn", Status::kWarning},
    {"warning", Status::kWarning},
    {"2", Status::kCritical},
    {"crit", Status::kCritical},
    {"critical", Status::kCritical},
}};

constexpr std::string_view kBlanks = " \t";

char lower(char octet) noexcept {
  return octet >= 'A' && octet <= 'Z' ? static_cast<char>(octet - 'A' + 'a') : octet;
}

// `word` is in lower case.
bool is_word(std::string_view text, std::string_view word) noexcept {
  return std::ranges::equal(text, word, {}, lower);
}

Status status_of(std::string_view word) noexcept {
  const auto* found = std::ranges::find_if(
      kStatusWords, [word](const StatusWord& known) { return is_word(word, known.text); });
  return found == kStatusWords.end() ? Status::kUnknown : found->status;
}

std::string_view trim_blanks(std::string_view text) noexcept {
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) + 1 - begin);
}

// The fields behind the keyword. `newer`: a name may have two, metric and tags.
struct Fields {
  std::string_view rest;
  bool newer = false;
};

Reason take_time(Fields& fields, Record& record) noexcept {
  const std::string_view field = take_field(fields.rest);
  if (field.empty()) return Reason::kMissingField;
  const auto time = parse_time(field);
  if (!time) return Reason::kBadTime;
  record.time = *time;
  return Reason::kNone;
}

Reason take_name(Fields& fields, Record& record) noexcept {
  record.name = take_field(fields.rest);
  if (record.name.empty()) return Reason::kMissingField;
  if (!fields.newer || record.name.find_first_of("=*") != record.name.npos) return Reason::kNone;
  std::string_view behind = fields.rest;
  const std::string_view next = take_field(behind);
  if (next.find('=') == next.npos) return Reason::kNone;
  record.tags = next;
  fields.rest = behind;
  return Reason::kNone;
}

Reason take_time_and_name(Fields& fields, Record& record) noexcept {
  const Reason reason = take_time(fields, record);
  return reason == Reason::kNone ? take_name(fields, record) : reason;
}

Reason take_value(Fields& fields, Record& record) noexcept {
  const std::string_view field = take_field(fields.rest);
  if (field.empty()) return Reason::kMissingField;
  const auto value = parse_number(field);
  if (!value) return Reason::kBadNumber;
  record.value = *value;
  return Reason::kNone;
}

Reason parse_sample(Fields fields, Record& record) noexcept {
  record.kind = Payload::kSample;
  Reason reason = take_time_and_name(fields, record);
  if (reason == Reason::kNone) reason = take_value(fields, record);
  if (reason != Reason::kNone) return reason;
  record.more_values = fields.rest;
  while (!fields.rest.empty()) {
    if (!parse_number(take_field(fields.rest))) return Reason::kBadNumber;
  }
  return Reason::kNone;
}

Reason parse_tally(Fields fields, Record& record) noexcept {
  record.kind = Payload::kTally;
  const Reason reason = take_time_and_name(fields, record);
  if (reason != Reason::kNone || fields.rest.empty()) return reason;
  record.increment = parse_count(fields.rest);  // Whole: there is no field behind it.
  return record.increment ? Reason::kNone : Reason::kBadNumber;
}

Reason parse_delta(Fields fields, Record& record) noexcept {
  record.kind = Payload::kDelta;
  Reason reason = take_time_and_name(fields, record);
  if (reason == Reason::kNone) reason = take_value(fields, record);
  if (reason == Reason::kNone && !fields.rest.empty()) return Reason::kBadNumber;
  return reason;
}

Reason parse_state(Fields fields, Record& record) noexcept {
  record.kind = Payload::kState;
  const Reason reason = take_time_and_name(fields, record);
  if (reason != Reason::kNone) return reason;
  const std::string_view status = take_field(fields.rest);
  if (status.empty()) return Reason::kMissingField;
  record.status = status_of(status);
  if (!fields.rest.empty()) record.text = fields.rest;
  return Reason::kNone;
}

Reason parse_event(Fields fields, Record& record) noexcept {
  record.kind = Payload::kEvent;
  const Reason reason = take_time_and_name(fields, record);
  record.text = fields.rest;
  return reason;
}

// Some collectors put a time before the pairs: a first word of digits only is none.
Reason parse_pairs(Fields fields, Record& record) noexcept {
  record.type = Record::Type::kPairs;
  record.kind = Payload::kFact;
  if (fields.rest.empty()) return Reason::kMissingField;
  std::string_view behind = fields.rest;
  const std::string_view first = take_field(behind);
  const bool digits = first.find_first_not_of("0123456789") == first.npos;
  record.text = digits && !behind.empty() ? behind : fields.rest;
  return Reason::kNone;
}

Reason parse_fact(Fields fields, Record& record) noexcept {
  if (fields.rest.find_first_of(kBlanks) == fields.rest.npos) return parse_pairs(fields, record);
  record.kind = Payload::kFact;
  const Reason reason = take_name(fields, record);
  record.text = fields.rest;
  return reason;
}

Reason parse_record(Keyword keyword, Fields fields, Record& record) noexcept {
  record.type = Record::Type::kData;
  switch (keyword) {
    case Keyword::kSample:
      return parse_sample(fields, record);
    case Keyword::kTally:
      return parse_tally(fields, record);
    case Keyword::kDelta:
      return parse_delta(fields, record);
    case Keyword::kState:
      return parse_state(fields, record);
    case Keyword::kEvent:
      return parse_event(fields, record);
    case Keyword::kKey:
      return parse_pairs(fields, record);
    case Keyword::kFact:
      return parse_fact(fields, record);
    case Keyword::kDone:
      record.type = Record::Type::kDone;
      return fields.rest.empty() ? Reason::kNone : Reason::kUnknownKeyword;
  }
  return Reason::kUnknownKeyword;
}

}  // namespace

ParsedLine parse_line(std::string_view line) noexcept {
  if (line.find('\0') != line.npos) return {{}, Reason::kNul};
  Fields fields{trim_blanks(line)};
  if (fields.rest.empty() || fields.rest.starts_with('#')) return {};

  const std::string_view word = take_field(fields.rest);
  const auto* found = std::ranges::find_if(
      kKeywords, [word](const Spelling& known) { return is_word(word, known.text); });
  if (found == kKeywords.end()) return {{}, Reason::kUnknownKeyword};
  fields.newer = word == found->text;

  ParsedLine parsed;
  parsed.reason = parse_record(found->keyword, fields, parsed.record);
  return parsed;
}

std::string_view take_field(std::string_view& rest) noexcept {
  const std::size_t end = std::min(rest.find_first_of(kBlanks), rest.size());
  const std::string_view field = rest.substr(0, end);
  rest.remove_prefix(std::min(rest.find_first_not_of(kBlanks, end), rest.size()));
  return field;
}

}  // namespace lariat::proto
