#include "proto/collectd_line.h"

#include <algorithm>
#include <cstddef>
#include <optional>

#include "proto/collectd_types.h"

namespace lariat::proto {
namespace {

constexpr std::string_view kBlanks = " \t";
constexpr std::size_t kMostLists =
    100;  // In a line: of up to ten values, each with a name of up to 4 KiB.

// In any case of letters; `upper` is in capitals.
bool is_word(std::string_view word, std::string_view upper) noexcept {
  return std::ranges::equal(word, upper, {}, [](char octet) {
    return octet >= 'a' && octet <= 'z' ? static_cast<char>(octet - 'a' + 'A') : octet;
  });
}

// What a value belongs to.
struct Identifier {
  std::string_view host;
  std::string_view plugin;
  std::string_view plugin_instance;
  std::string_view type;
  std::string_view type_instance;
};

void split_instance(std::string_view text, std::string_view& name,
                    std::string_view& instance) noexcept {
  const std::size_t dash = std::min(text.find('-'), text.size());
  name = text.substr(0, dash);
  instance = text.substr(std::min(dash + 1, text.size()));
}

// A type's instance may have slashes of its own.
Reason read_identifier(std::string_view text, Identifier& identifier) noexcept {
  const std::size_t first = text.find('/');
  const std::size_t second = first == text.npos ? first : text.find('/', first + 1);
  if (second == text.npos) return Reason::kBadName;
  identifier.host = text.substr(0, first);
  split_instance(text.substr(first + 1, second - first - 1), identifier.plugin,
                 identifier.plugin_instance);
  split_instance(text.substr(second + 1), identifier.type, identifier.type_instance);
  return identifier.plugin.empty() || identifier.type.empty() ? Reason::kBadName : Reason::kNone;
}

void put_tags(const Identifier& identifier, SeriesName& name) noexcept {
  name.clear();
  if (identifier.host != "localhost") name.put_tag("host", identifier.host);
  name.put_tag(identifier.plugin, identifier.plugin_instance);
  name.put_tag(identifier.plugin_instance.empty() ? identifier.plugin : "type",
               identifier.type_instance);
}

void put_metric(const Identifier& identifier, SeriesName& name) noexcept {
  name.clear_metric();
  name.put_metric("collectd");
  if (!identifier.plugin.empty()) name.put_part(identifier.plugin);
  if (!identifier.type.empty() && identifier.type != identifier.plugin) {
    name.put_part(identifier.type);
  }
}

// `N` is now.
std::optional<std::uint64_t> read_time(std::string_view text, std::uint64_t now) noexcept {
  return text == "N" ? now : parse_time(text);
}

std::string_view take_value(std::string_view& values) noexcept {
  const std::size_t end = std::min(values.find(':'), values.size());
  const std::string_view value = values.substr(0, end);
  values.remove_prefix(std::min(end + 1, values.size()));
  return value;
}

// Names the value with that index; false if its type has none such.
bool name_value(const Identifier& identifier, std::size_t index, bool alone, SeriesName& name,
                Record& record) noexcept {
  constexpr std::string_view kDigits = "0123456789";
  put_metric(identifier, name);
  record.kind = Payload::kSample;
  if (const CollectdType* type = find_collectd_type(identifier.type)) {
    if (index >= type->values.size() || type->values[index].name.empty()) return false;
    const CollectdValue& value = type->values[index];
    if (value.name != "value") name.put_part(value.name);
    if (value.grows) {
      name.put_part("total");
      record.kind = Payload::kDelta;
    }
    return true;
  }
  if (alone) return true;
  if (index >= kDigits.size()) return false;
  name.put_part(kDigits.substr(index, 1));
  return true;
}

// One `TIME:VALUE[:VALUE]…`.
Reason put_list(std::string_view list, std::uint64_t now, const Identifier& identifier,
                SeriesName& name, CollectdLines::Sink sink) {
  const auto time = read_time(take_value(list), now);
  if (!time) return Reason::kBadTime;
  if (list.empty()) return Reason::kMissingField;
  const bool alone = list.find(':') == list.npos;
  for (std::size_t index = 0; !list.empty(); ++index) {
    const std::string_view text = take_value(list);
    Record record;
    record.type = Record::Type::kData;
    record.time = *time;
    if (!name_value(identifier, index, alone, name, record)) return Reason::kBadNumber;
    if (text == "U") continue;
    const auto value = parse_number(text);
    if (!value) return Reason::kBadNumber;
    record.value = *value;
    Reason reason = name.name(record);
    if (reason == Reason::kNone) reason = sink(record);
    if (reason != Reason::kNone) return reason;
  }
  return Reason::kNone;
}

struct Severity {
  std::string_view word;
  Status status;
};
constexpr std::array kSeverities{Severity{"OKAY", Status::kOk}, Severity{"OK", Status::kOk},
                                 Severity{"WARNING", Status::kWarning},
                                 Severity{"FAILURE", Status::kCritical}};

// A notification, as far as it has been read.
struct Notice {
  Identifier of;
  std::optional<Status> status;
  std::optional<std::uint64_t> time;
  std::string_view message;
};

Reason take_option(std::string_view key, std::string_view text, std::uint64_t now,
                   Notice& notice) noexcept {
  if (is_word(key, "SEVERITY")) {
    const auto* const found = std::ranges::find_if(
        kSeverities, [text](std::string_view word) { return is_word(text, word); },
        &Severity::word);
    if (found == kSeverities.end()) return Reason::kUnknownKeyword;
    notice.status = found->status;
  } else if (is_word(key, "TIME")) {
    notice.time = read_time(text, now);
    if (!notice.time) return Reason::kBadTime;
  } else if (is_word(key, "MESSAGE")) {
    notice.message = text;
  } else if (is_word(key, "HOST")) {
    notice.of.host = text;
  } else if (is_word(key, "PLUGIN")) {
    notice.of.plugin = text;
  } else if (is_word(key, "PLUGIN_INSTANCE")) {
    notice.of.plugin_instance = text;
  } else if (is_word(key, "TYPE")) {
    notice.of.type = text;
  } else if (is_word(key, "TYPE_INSTANCE")) {
    notice.of.type_instance = text;
  }
  return Reason::kNone;  // Others may be there, of any name.
}

}  // namespace

bool is_collectd_line(std::string_view line) noexcept {
  const std::string_view word = line.substr(0, line.find_first_of(kBlanks));
  return is_word(word, "PUTVAL") || is_word(word, "PUTNOTIF");
}

Reason CollectdLines::read(std::string_view line, std::uint64_t now, SeriesName& name, Sink sink) {
  used_ = 0;
  const std::string_view command = take_field(line);
  if (is_word(command, "PUTNOTIF")) return put_notice(line, now, name, sink);
  if (!is_word(command, "PUTVAL")) return Reason::kUnknownKeyword;
  return put_values(line, now, name, sink);
}

// Twice: the whole line is good, or nothing is handed out.
Reason CollectdLines::put_values(std::string_view rest, std::uint64_t now, SeriesName& name,
                                 Sink sink) {
  Word word;
  Reason reason = take_word(rest, word);
  if (reason != Reason::kNone) return reason;
  Identifier identifier;
  reason = word.key.empty() ? read_identifier(word.text, identifier) : Reason::kBadName;
  if (reason != Reason::kNone) return reason;
  put_tags(identifier, name);

  const auto ignore = [](const Record& /*record*/) { return Reason::kNone; };
  const std::size_t used = used_;
  for (const bool hand_out : {false, true}) {
    std::size_t lists = 0;
    for (std::string_view behind = rest; !behind.empty();) {
      used_ = used;
      reason = take_word(behind, word);
      if (reason != Reason::kNone) return reason;
      if (!word.key.empty()) continue;  // `interval=10`: how often is not told of a value.
      if (++lists > kMostLists) return Reason::kLimit;
      reason = put_list(word.text, now, identifier, name, hand_out ? sink : Sink(ignore));
      if (reason != Reason::kNone) return reason;
    }
    if (lists == 0) return Reason::kMissingField;
  }
  return Reason::kNone;
}

Reason CollectdLines::put_notice(std::string_view rest, std::uint64_t now, SeriesName& name,
                                 Sink sink) {
  Notice notice;
  while (!rest.empty()) {
    Word word;
    Reason reason = take_word(rest, word);
    if (reason == Reason::kNone && word.key.empty()) reason = Reason::kUnknownKeyword;
    if (reason == Reason::kNone) reason = take_option(word.key, word.text, now, notice);
    if (reason != Reason::kNone) return reason;
  }
  if (!notice.status) return Reason::kMissingField;

  const bool names_it = !notice.of.plugin.empty();
  put_tags(notice.of, name);
  put_metric(notice.of, name);
  if (!names_it) name.put_part("notification");
  Record record;
  record.type = Record::Type::kData;
  record.kind = names_it ? Payload::kState : Payload::kEvent;
  record.status = *notice.status;
  record.time = notice.time.value_or(now);
  record.text = notice.message;
  const Reason reason = name.name(record);
  return reason == Reason::kNone ? sink(record) : reason;
}

// Takes a word, whole or of its value only in quotes, and the blanks behind it. What was in quotes
// lies in the room.
Reason CollectdLines::take_word(std::string_view& rest, Word& word) {
  word = {};
  const std::size_t stop = std::min(rest.find_first_of("\"= \t"), rest.size());
  if (stop < rest.size() && rest[stop] == '=') {
    word.key = rest.substr(0, stop);
    if (word.key.empty()) return Reason::kBadName;
    rest.remove_prefix(stop + 1);
  }
  if (!rest.starts_with('"')) {
    word.text = take_field(rest);
    return word.text.empty() && word.key.empty() ? Reason::kMissingField : Reason::kNone;
  }
  rest.remove_prefix(1);
  const std::size_t begin = used_;
  for (;;) {
    if (rest.empty()) return Reason::kMissingField;
    char octet = rest.front();
    rest.remove_prefix(1);
    if (octet == '"') break;
    if (octet == '\\' && !rest.empty()) {
      octet = rest.front();
      rest.remove_prefix(1);
    }
    if (used_ == room_.size()) return Reason::kTooLong;
    room_[used_++] = octet;
  }
  word.text = {room_.data() + begin, used_ - begin};
  const std::size_t next = std::min(rest.find_first_not_of(kBlanks), rest.size());
  if (next == 0 && !rest.empty()) return Reason::kBadName;
  rest.remove_prefix(next);
  return Reason::kNone;
}

}  // namespace lariat::proto
