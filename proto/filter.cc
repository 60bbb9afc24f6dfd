#include "proto/filter.h"

#include <algorithm>
#include <utility>

namespace lariat::proto {
namespace {

std::string complaint(const std::string& pattern, NameError error) {
  const std::string quoted = '"' + pattern + '"';
  if (pattern.find_first_not_of(' ') == pattern.npos) {
    return "a pattern is empty: write a metric, a blank and tags, such as \"node_cpu_* *\"";
  }
  if (error == NameError::kNoTags) {
    const std::size_t begin = pattern.find_first_not_of(' ');
    const std::string metric = pattern.substr(begin, pattern.find(' ', begin) - begin);
    return quoted + " says nothing of tags: write \"" + metric + " *\" to take any";
  }
  return quoted + " is no pattern: " + std::string(to_string(error));
}

}  // namespace

std::variant<Filter, std::string> Filter::parse(std::span<const std::string> patterns) {
  if (patterns.empty()) {
    return "the list of patterns is empty, so that nothing would pass: write \"* *\" to take "
           "everything";
  }
  Filter filter;
  filter.patterns_.reserve(patterns.size());
  filter.texts_.assign(patterns.begin(), patterns.end());
  for (const std::string& text : patterns) {
    auto parsed = Pattern::parse(text, Pattern::Metric::kGlob);
    if (const auto* error = std::get_if<NameError>(&parsed)) return complaint(text, *error);
    filter.patterns_.push_back(std::move(*std::get_if<Pattern>(&parsed)));
  }
  return filter;
}

bool Filter::matches(std::string_view canonical_name) const noexcept {
  return passes_all() || std::ranges::any_of(patterns_, [canonical_name](const Pattern& pattern) {
           return pattern.matches(canonical_name);
         });
}

}  // namespace lariat::proto
