#include "proto/line_encoder.h"

#include <algorithm>
#include <cstring>

#include "proto/name_parts.h"

namespace lariat::proto {
namespace {

// A word `KEY=VALUE`, or `KEY` for the value 1.
struct Pair {
  std::string_view key;
  std::string_view value = "1";
};

Pair split(std::string_view word) noexcept {
  const std::size_t equals = word.find('=');
  if (equals == word.npos) return {word};
  return {word.substr(0, equals), word.substr(equals + 1)};
}

// Collectors write octets in tags that a name does not take, such as UTF-8: those become `_`.
void replace_hidden(std::span<char> tags) noexcept {
  bool escaped = false;
  for (char& octet : tags) {
    const OctetClass found = octet_class(octet);
    if (found == OctetClass::kHidden && !escaped) octet = '_';
    escaped = found == OctetClass::kBackslash;
  }
}

}  // namespace

Reason LineEncoder::encode(const Record& record, Sink sink) noexcept {
  if (record.type == Record::Type::kPairs) return encode_pairs(record.text.value_or(""), sink);
  if (record.type != Record::Type::kData) return Reason::kNone;
  const NameResult full = full_name(record.name, record.tags);
  if (!full) return Reason::kBadName;

  Encoded written;
  switch (record.kind) {
    case Payload::kSample:
      return encode_values(record, full.name, sink);
    case Payload::kTally:
      written = encode_tally(message_, full.name, record.time, record.increment);
      break;
    case Payload::kDelta:
      written = encode_delta(message_, full.name, record.time, record.value);
      break;
    case Payload::kState:
      written = encode_state(
          message_, full.name, record.time,
          {record.status, record.interval_milliseconds.value_or(interval_milliseconds_),
           record.text});
      break;
    case Payload::kEvent:
      written = encode_event(message_, full.name, record.time, record.text.value_or(""));
      break;
    case Payload::kFact:
      written = encode_fact(message_, full.name, record.text.value_or(""));
      break;
  }
  if (!written) return Reason::kBadName;
  sink(std::span(message_).first(written.size));
  return Reason::kNone;
}

// Twice: all pairs are good, or none goes out.
Reason LineEncoder::encode_pairs(std::string_view words, Sink sink) noexcept {
  if (words.empty()) return Reason::kMissingField;
  for (const bool send : {false, true}) {
    for (std::string_view rest = words; !rest.empty();) {
      const Pair pair = split(take_field(rest));
      const NameResult full = full_name(pair.key, {});
      if (!full) return Reason::kBadName;
      const Encoded written = encode_fact(message_, full.name, pair.value);
      if (!written) return Reason::kBadName;
      if (send) sink(std::span(message_).first(written.size));
    }
  }
  return Reason::kNone;
}

Reason LineEncoder::encode_values(const Record& record, std::string_view name, Sink sink) noexcept {
  std::array<double, kMaxSampleValues> values;
  values[0] = record.value;
  std::size_t count = 1;
  std::string_view rest = record.more_values;
  for (;;) {
    for (; count < values.size() && !rest.empty(); ++count) {
      values[count] = parse_number(take_field(rest)).value_or(0);  // The parser saw to it.
    }
    const Encoded written =
        encode_sample(message_, name, record.time, std::span(values).first(count));
    if (!written) return Reason::kBadName;
    sink(std::span(message_).first(written.size));
    if (rest.empty()) return Reason::kNone;
    count = 0;
  }
}

// The name in canonical form with all of its tags; it may lie in `joined_`, in `name_`, or be
// `name`.
NameResult LineEncoder::full_name(std::string_view name, std::string_view tags) noexcept {
  const auto hidden = [](char octet) { return octet_class(octet) == OctetClass::kHidden; };
  const bool pairs_only = tags.empty() && name.find('=') != name.npos;
  const std::string_view written_tags = pairs_only ? name : tags;
  if (tags.empty() && std::ranges::none_of(written_tags, hidden)) {
    return add_tags(name, tags_, name_);
  }

  NameWriter writer(joined_);
  if (!pairs_only) {
    writer.put(name);
    writer.put(' ');
  }
  const std::size_t begin = pairs_only ? 0 : name.size() + 1;
  writer.put(written_tags);
  const NameResult joined = writer.result();
  if (!joined) return joined;
  replace_hidden(std::span(joined_).subspan(begin, written_tags.size()));
  return add_tags(joined.name, tags_, name_);
}

}  // namespace lariat::proto
