#include "proto/name_parts.h"

#include <algorithm>
#include <cstring>

namespace lariat::proto {
namespace {

constexpr std::array<OctetClass, 256> make_classes() noexcept {
  std::array<OctetClass, 256> classes{};
  for (std::size_t octet = 0; octet < classes.size(); ++octet) {
    classes[octet] = octet >= 0x20 && octet <= 0x7e ? OctetClass::kPlain : OctetClass::kHidden;
  }
  classes[0] = OctetClass::kNul;
  classes['*'] = classes[','] = classes['='] = OctetClass::kStructure;
  classes['\\'] = OctetClass::kBackslash;
  return classes;
}
constexpr std::array<OctetClass, 256> kClasses = make_classes();

// Where the first of `stops` stands that no backslash precedes, or the end; an error if an octet up
// to there is not allowed.
NameError find_stop(std::string_view text, std::string_view stops, std::size_t& at) noexcept {
  bool escaped = false;
  for (at = 0; at < text.size(); ++at) {
    const OctetClass found = octet_class(text[at]);
    if (found == OctetClass::kNul) return NameError::kNul;
    if (found == OctetClass::kBackslash) {
      escaped = true;
      continue;
    }
    if (!escaped) {
      if (found == OctetClass::kHidden) return NameError::kOctet;
      if (found == OctetClass::kStructure && stops.find(text[at]) != stops.npos) break;
    }
    escaped = false;
  }
  return NameError::kNone;
}

NameError find_unescaped(std::string_view text, char wanted) noexcept {
  std::size_t at = 0;
  const NameError error = find_stop(text, {&wanted, 1}, at);
  if (error != NameError::kNone || at == text.size()) return error;
  return wanted == '*' ? NameError::kStar : NameError::kSecondEquals;
}

}  // namespace

OctetClass octet_class(char octet) noexcept { return kClasses[static_cast<unsigned char>(octet)]; }

std::string_view trim(std::string_view text) noexcept {
  for (;;) {
    const std::size_t first = text.find_first_not_of('\\');
    if (first == text.npos) return {};
    if (text[first] != ' ') break;
    text.remove_prefix(first + 1);
  }
  while (text.ends_with(' ') || text.ends_with('\\')) text.remove_suffix(1);
  return text;
}

void NameWriter::put(std::string_view text) noexcept {
  if (size_ < out_.size()) {
    std::memcpy(out_.data() + size_, text.data(), std::min(text.size(), out_.size() - size_));
  }
  size_ += text.size();
}

void NameWriter::put_escaped(std::string_view text) noexcept {
  for (const char octet : text) {
    const OctetClass found = octet_class(octet);
    if (found == OctetClass::kBackslash) continue;
    if (found != OctetClass::kPlain) put('\\');
    put(octet);
  }
}

NameResult NameWriter::result() const noexcept {
  if (size_ > kMaxNameLength) return {{}, NameError::kTooLong};
  if (size_ > out_.size()) return {{}, NameError::kNoRoom};
  return {{out_.data(), size_}, NameError::kNone};
}

NameError NameParts::parse(std::string_view name) noexcept {
  if (name.size() > kMaxNameLength) return NameError::kTooLong;
  const std::size_t begin = name.find_first_not_of(' ');
  if (begin == name.npos) return NameError::kNoMetric;
  name.remove_prefix(begin);
  const std::size_t end = name.find(' ');
  metric_ = name.substr(0, end);
  if (metric_.find('\0') != metric_.npos) return NameError::kNul;
  if (end == name.npos) return NameError::kNoTags;
  name.remove_prefix(end);
  if (name.find_first_not_of(' ') == name.npos) return NameError::kNoTags;
  return parse_tags(name, Form::kEntries);
}

NameError NameParts::parse_tags(std::string_view tags, Form form) noexcept {
  std::size_t entries = 0;
  for (;;) {
    std::size_t end = 0;
    NameError error = find_stop(tags, ",", end);
    if (error != NameError::kNone) return error;
    if (++entries > kMaxNameEntries) return NameError::kTooManyTags;
    error = parse_entry(tags.substr(0, end), form);
    if (error != NameError::kNone) return error;
    if (end == tags.size()) return NameError::kNone;
    tags.remove_prefix(end + 1);
  }
}

// `text` has no comma but escaped ones, and no octet that is not allowed.
NameError NameParts::parse_entry(std::string_view text, Form form) noexcept {
  const std::size_t begin = text.find_first_not_of(' ');
  if (begin == text.npos) return NameError::kEmptyTag;
  text.remove_prefix(begin);
  if (text == "*" && form == Form::kEntries) {
    any_others_ = true;
    return NameError::kNone;
  }

  std::size_t equals = 0;
  NameError error = find_stop(text, "=", equals);
  NameEntry entry{trim(text.substr(0, equals)), {}, false};
  if (error == NameError::kNone && form == Form::kEntries) {
    error = find_unescaped(text.substr(0, equals), '*');
  }
  if (error != NameError::kNone) return error;
  if (entry.key.empty()) return NameError::kEmptyTag;
  if (equals < text.size()) {
    const std::string_view value = text.substr(equals + 1);
    entry.wildcard = value == "*";
    if (!entry.wildcard && form == Form::kEntries) {
      error = find_unescaped(value, '=');
      if (error == NameError::kNone) error = find_unescaped(value, '*');
      if (error != NameError::kNone) return error;
    }
    entry.value = trim(value);
  }
  entries_[count_++] = entry;
  return NameError::kNone;
}

void NameParts::remove(std::size_t index) noexcept {
  std::move(entries_.begin() + static_cast<std::ptrdiff_t>(index) + 1,
            entries_.begin() + static_cast<std::ptrdiff_t>(count_),
            entries_.begin() + static_cast<std::ptrdiff_t>(index));
  --count_;
}

bool NameParts::has_wildcard() const noexcept {
  return any_others_ || std::ranges::any_of(entries(), &NameEntry::wildcard);
}

// By insertion: at most 64 entries that are mostly in order, and it needs no memory.
void NameParts::sort() noexcept {
  for (std::size_t next = 1; next < count_; ++next) {
    const NameEntry entry = entries_[next];
    std::size_t at = next;
    for (; at > 0 && compare_keys(entry.key, entries_[at - 1].key) < 0; --at) {
      entries_[at] = entries_[at - 1];
    }
    entries_[at] = entry;
  }
}

NameResult NameParts::write(std::span<char> out) const noexcept {
  NameWriter writer(out);
  writer.put(metric_);
  char separator = ' ';
  for (const NameEntry& entry : entries()) {
    writer.put(separator);
    separator = ',';
    writer.put_escaped(entry.key);
    if (entry.wildcard) {
      writer.put("=*");
    } else if (!entry.value.empty()) {
      writer.put('=');
      writer.put_escaped(entry.value);
    }
  }
  if (any_others_) {
    writer.put(separator);
    writer.put('*');
  }
  return writer.result();
}

}  // namespace lariat::proto
