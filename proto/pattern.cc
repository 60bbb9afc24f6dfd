#include "proto/pattern.h"

#include <array>

namespace lariat::proto {

// Goes back to the last star only: an earlier one has nothing to gain by taking more octets.
bool glob_matches(std::string_view glob, std::string_view text) noexcept {
  std::size_t in_glob = 0;
  std::size_t in_text = 0;
  std::size_t behind_star = glob.npos;
  std::size_t star_end = 0;
  while (in_text < text.size()) {
    if (in_glob < glob.size() && glob[in_glob] == '*') {
      behind_star = ++in_glob;
      star_end = in_text;
    } else if (in_glob < glob.size() && (glob[in_glob] == '?' || glob[in_glob] == text[in_text])) {
      ++in_glob;
      ++in_text;
    } else if (behind_star != glob.npos) {
      in_glob = behind_star;
      in_text = ++star_end;
    } else {
      return false;
    }
  }
  return glob.find_first_not_of('*', in_glob) == glob.npos;
}

std::variant<Pattern, NameError> Pattern::parse(std::string_view text, Metric metric) {
  std::array<char, kMaxNameLength> room;
  const NameResult clean = canonical(text, room);
  if (!clean) return clean.error;
  return Pattern(clean.name, metric);
}

Pattern::Pattern(std::string_view canonical_text, Metric metric)
    : text_(canonical_text), metric_length_(metric_of(text_).size()), metric_(metric) {
  const auto slice = [this](std::string_view part) {
    if (part.empty()) return Slice{};
    return Slice{static_cast<std::uint16_t>(part.data() - text_.data()),
                 static_cast<std::uint16_t>(part.size())};
  };
  TagWalk walk(tags_of(text_));
  for (Tag tag; walk.next(tag);) {
    if (tag.key == "*") {
      any_others_ = true;
    } else {
      pairs_.push_back({slice(tag.key), slice(tag.value)});
    }
  }
}

bool Pattern::matches(std::string_view canonical_name) const noexcept {
  return metric_matches(metric_of(canonical_name)) && tags_match(tags_of(canonical_name));
}

bool Pattern::metric_matches(std::string_view metric) const noexcept {
  const std::string_view own = std::string_view(text_).substr(0, metric_length_);
  if (own == "*") return true;
  return metric_ == Metric::kGlob ? glob_matches(own, metric) : own == metric;
}

// Both sides are sorted by key: one walk over the name, stopping at the first tag of each key.
bool Pattern::tags_match(std::string_view tags) const noexcept {
  if (pairs_.empty()) return any_others_;
  TagWalk walk(tags);
  Tag tag;
  std::size_t count = 0;
  const auto next = [&walk, &tag, &count] {
    const bool more = walk.next(tag) && tag.key != "*";
    count += more ? 1 : 0;
    return more;
  };
  bool more = next();
  for (const Pair& pair : pairs_) {
    const std::string_view key = piece(pair.key);
    const std::string_view value = piece(pair.value);
    while (more && compare_keys(tag.key, key) < 0) more = next();
    if (!more || tag.key != key) return false;
    if (value != "*" && value != tag.value) return false;
  }
  if (any_others_) return true;
  while (more) more = next();
  return count == pairs_.size();
}

}  // namespace lariat::proto
