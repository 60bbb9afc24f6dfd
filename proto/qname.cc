#include "proto/qname.h"

#include "proto/name_parts.h"

namespace lariat::proto {
namespace {

// One key or value of a name that may be canonical: neither empty nor with a blank at an end, each
// backslash before an octet that needs it. Takes it off `rest`, up to `,`, `=`, `*` or the end.
bool take_spelled(std::string_view& rest, std::string_view& spelled) noexcept {
  std::size_t at = 0;
  for (; at < rest.size(); ++at) {
    OctetClass found = octet_class(rest[at]);
    if (found == OctetClass::kPlain) continue;
    if (found == OctetClass::kStructure) break;
    if (found != OctetClass::kBackslash || ++at == rest.size()) return false;
    found = octet_class(rest[at]);
    if (found != OctetClass::kStructure && found != OctetClass::kHidden) return false;
  }
  spelled = rest.substr(0, at);
  rest.remove_prefix(at);
  return !spelled.empty() && spelled.front() != ' ' && spelled.back() != ' ';
}

// Whether `rest` is a list of canonical entries in order.
bool canonical_tags(std::string_view rest) noexcept {
  std::string_view last_key;
  for (std::size_t entries = 1; entries <= kMaxNameEntries; ++entries) {
    if (rest == "*") return true;
    std::string_view key;
    if (!take_spelled(rest, key) || compare_keys(last_key, key) > 0) return false;
    last_key = key;
    if (rest.starts_with("=*")) {
      rest.remove_prefix(2);
    } else if (rest.starts_with('=')) {
      rest.remove_prefix(1);
      std::string_view value;
      if (!take_spelled(rest, value)) return false;
    }
    if (rest.empty()) return true;
    if (rest.front() != ',') return false;
    rest.remove_prefix(1);
  }
  return false;
}

}  // namespace

std::string_view to_string(NameError error) noexcept {
  switch (error) {
    case NameError::kNone:
      return "the name is good";
    case NameError::kNoMetric:
      return "the name is empty: write a metric, a blank and tags, as in `cpu host=a`";
    case NameError::kNoTags:
      return "there are no tags: write a blank and at least one behind the metric, as in "
             "`cpu host=a`, or `cpu *` for a pattern that takes any";
    case NameError::kTooLong:
      return "the name is too long: 4095 octets are the most";
    case NameError::kTooManyTags:
      return "there are too many tags: 64 are the most, a `*` counted";
    case NameError::kEmptyTag:
      return "a tag has no key: write `key=value` or `key` between commas";
    case NameError::kSecondEquals:
      return "a tag has two `=`: write `\\=` for one that belongs to the value";
    case NameError::kStar:
      return "a `*` has something beside it: write `key=*` or a `*` alone, or `\\*` for the octet";
    case NameError::kOctet:
      return "an octet of a tag is not printable ASCII: write a backslash before it, or `_` "
             "instead";
    case NameError::kNul:
      return "there is a NUL octet: leave it out";
    case NameError::kBackslash:
      return "there is a backslash, which no tag can hold: write `/` or `_` instead";
    case NameError::kWildcard:
      return "there is a wildcard, which only a pattern may have: write `\\*` for the octet";
    case NameError::kNoRoom:
      return "there is no room for the name: give its buffer 4095 octets";
  }
  return "?";
}

NameResult canonical(std::string_view name, std::span<char> out) noexcept {
  if (is_canonical(name)) return {name, NameError::kNone};
  NameParts parts;
  const NameError error = parts.parse(name);
  if (error != NameError::kNone) return {{}, error};
  parts.sort();
  return parts.write(out);
}

bool is_canonical(std::string_view name) noexcept {
  if (name.size() > kMaxNameLength) return false;
  const std::size_t blank = name.find(' ');
  if (blank == 0 || blank == name.npos) return false;
  if (name.substr(0, blank).find('\0') != name.npos) return false;
  return canonical_tags(name.substr(blank + 1));
}

bool same_name(std::string_view a, std::string_view b) noexcept {
  char room_a[kMaxNameLength];
  char room_b[kMaxNameLength];
  const NameResult left = canonical(a, room_a);
  const NameResult right = canonical(b, room_b);
  return left && right && left.name == right.name;
}

bool has_wildcard(std::string_view canonical_name) noexcept {
  const std::string_view tags = tags_of(canonical_name);
  if (tags.find('*') == tags.npos) return false;
  TagWalk walk(tags);
  for (Tag tag; walk.next(tag);) {
    if (tag.key == "*" || tag.value == "*") return true;
  }
  return false;
}

std::string_view metric_of(std::string_view canonical_name) noexcept {
  return canonical_name.substr(0, canonical_name.find(' '));
}

std::string_view tags_of(std::string_view canonical_name) noexcept {
  const std::size_t blank = canonical_name.find(' ');
  return blank == canonical_name.npos ? std::string_view{} : canonical_name.substr(blank + 1);
}

bool TagWalk::next(Tag& tag) noexcept {
  if (rest_.empty()) return false;
  std::size_t equals = rest_.npos;
  std::size_t at = 0;
  for (; at < rest_.size() && rest_[at] != ','; ++at) {
    if (rest_[at] == '\\') {
      ++at;
    } else if (rest_[at] == '=' && equals == rest_.npos) {
      equals = at;
    }
  }
  const std::string_view entry = rest_.substr(0, at);
  rest_.remove_prefix(at < rest_.size() ? at + 1 : rest_.size());
  tag.key = entry.substr(0, equals);
  tag.value = equals == entry.npos ? std::string_view{} : entry.substr(equals + 1);
  return true;
}

std::string_view unescape(std::string_view spelled, std::span<char> out) noexcept {
  if (spelled.find('\\') == spelled.npos) return spelled;
  std::size_t size = 0;
  for (const char octet : spelled) {
    if (octet != '\\' && size < out.size()) out[size++] = octet;
  }
  return {out.data(), size};
}

int compare_keys(std::string_view a, std::string_view b) noexcept {
  std::size_t i = 0;
  std::size_t j = 0;
  for (;;) {
    while (i < a.size() && a[i] == '\\') ++i;
    while (j < b.size() && b[j] == '\\') ++j;
    if (i == a.size() || j == b.size())
      return static_cast<int>(j == b.size()) - static_cast<int>(i == a.size());
    const auto left = static_cast<unsigned char>(a[i++]);
    const auto right = static_cast<unsigned char>(b[j++]);
    if (left != right) return left < right ? -1 : 1;
  }
}

}  // namespace lariat::proto
