#include "proto/default_tags.h"

#include <algorithm>
#include <array>

#include "proto/name_parts.h"

namespace lariat::proto {
namespace {

// A key or value of plain octets as a canonical name spells it.
NameError spell(std::string_view plain, std::string& out) {
  if (plain.find('\0') != plain.npos) return NameError::kNul;
  if (plain.find('\\') != plain.npos) return NameError::kBackslash;
  std::array<char, kMaxNameLength> room;
  NameWriter writer(room);
  writer.put_escaped(trim(plain));
  const NameResult spelled = writer.result();
  out = spelled.name;
  return spelled.error;
}

// A canonical name but for its tags, of which there may be none.
struct Halves {
  std::string_view metric;
  std::string_view tags;
};

// Where the metric stands among tags that have none before them: in `metric`, else `m`, else
// `name`.
std::size_t find_metric(std::span<const NameEntry> entries) noexcept {
  for (const std::string_view key : {"metric", "m", "name"}) {
    const auto found = std::ranges::find_if(entries, [key](const NameEntry& entry) {
      return entry.key == key && !entry.value.empty();
    });
    if (found != entries.end()) return static_cast<std::size_t>(found - entries.begin());
  }
  return entries.size();
}

bool is_pairs(std::string_view token) noexcept {
  for (bool more = true; more;) {
    const std::size_t comma = token.find(',');
    if (token.substr(0, comma).find('=') == token.npos) return false;
    more = comma != token.npos;
    if (more) token.remove_prefix(comma + 1);
  }
  return true;
}

NameError from_pairs(std::string_view token, std::span<char> room, Halves& halves) noexcept {
  NameParts parts;
  const NameError error = parts.parse_tags(token, NameParts::Form::kPairs);
  if (error != NameError::kNone) return error;
  if (parts.has_wildcard()) return NameError::kWildcard;

  std::array<char, kMaxNameLength> metric_room;
  std::string_view metric = "-";
  const std::size_t at = find_metric(parts.entries());
  if (at < parts.entries().size()) {
    metric = unescape(parts.entries()[at].value, metric_room);
    parts.remove(at);
  }
  parts.set_metric(metric);
  parts.sort();
  const NameResult written = parts.write(room);
  halves = {metric_of(written.name), tags_of(written.name)};
  return written.error;
}

NameError from_token(std::string_view name, std::span<char> room, Halves& halves) noexcept {
  if (name.size() > kMaxNameLength) return NameError::kTooLong;
  const std::size_t begin = std::min(name.find_first_not_of(' '), name.size());
  const std::size_t end = std::min(name.find(' ', begin), name.size());
  if (begin == end) return NameError::kNoMetric;
  const std::string_view token = name.substr(begin, end - begin);
  if (name.find_first_not_of(' ', end) == name.npos) {
    if (is_pairs(token)) return from_pairs(token, room, halves);
    halves = {token, {}};
    return token.find('\0') == token.npos ? NameError::kNone : NameError::kNul;
  }

  const NameResult clean = canonical(name, room);
  if (clean && has_wildcard(clean.name)) return NameError::kWildcard;
  halves = {metric_of(clean.name), tags_of(clean.name)};
  return clean.error;
}

// Calls `own` for each tag of the name and `added` for each default tag that it lacks, in order.
template <typename Own, typename Added>
void merge(std::string_view tags, std::span<const DefaultTags::Entry> defaults, Own own,
           Added added) {
  TagWalk walk(tags);
  Tag tag;
  bool more = walk.next(tag);
  for (const DefaultTags::Entry& entry : defaults) {
    int order = 1;
    while (more && (order = compare_keys(tag.key, entry.key)) < 0) {
      own(tag);
      more = walk.next(tag);
    }
    if (!more || order != 0) added(Tag{entry.key, entry.value});
  }
  for (; more; more = walk.next(tag)) own(tag);
}

}  // namespace

NameError DefaultTags::set(std::string_view key, std::string_view value) {
  Entry entry;
  NameError error = spell(key, entry.key);
  if (error == NameError::kNone) error = spell(value, entry.value);
  if (error != NameError::kNone) return error;
  if (entry.key.empty()) return NameError::kEmptyTag;

  const auto at = std::ranges::find_if(
      entries_, [&entry](const Entry& other) { return compare_keys(entry.key, other.key) <= 0; });
  if (at != entries_.end() && at->key == entry.key) {
    at->value = std::move(entry.value);
  } else if (entries_.size() == kMaxNameEntries) {
    return NameError::kTooManyTags;
  } else {
    entries_.insert(at, std::move(entry));
  }
  return NameError::kNone;
}

NameResult add_tags(std::string_view name, const DefaultTags& tags, std::span<char> out) noexcept {
  std::array<char, kMaxNameLength> room;
  Halves halves;
  const bool clean = is_canonical(name) && !has_wildcard(name);
  if (clean) {
    halves = {metric_of(name), tags_of(name)};
  } else {
    const NameError error = from_token(name, room, halves);
    if (error != NameError::kNone) return {{}, error};
  }

  std::size_t lacking = 0;
  std::size_t count = 0;
  merge(
      halves.tags, tags.entries(), [&count](const Tag&) { ++count; },
      [&lacking](const Tag&) { ++lacking; });
  if (clean && lacking == 0) return {name, NameError::kNone};
  if (count + lacking == 0) return {{}, NameError::kNoTags};
  if (count + lacking > kMaxNameEntries) return {{}, NameError::kTooManyTags};

  NameWriter writer(out);
  writer.put(halves.metric);
  char separator = ' ';
  const auto put = [&writer, &separator](const Tag& tag) {
    writer.put(separator);
    separator = ',';
    writer.put(tag.key);
    if (tag.value.empty()) return;
    writer.put('=');
    writer.put(tag.value);
  };
  merge(halves.tags, tags.entries(), put, put);
  return writer.result();
}

}  // namespace lariat::proto
