#pragma once

#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "proto/pattern.h"

namespace lariat::proto {

/// A list of `METRIC-GLOB TAGS-PATTERN`, such as `node_cpu_* *` or `load host=a,*`: a name passes
/// if any of them matches. One made of nothing passes every name.
class Filter {
 public:
  Filter() = default;
  /// A filter, or one sentence that says which pattern is wrong, why, and what to write.
  [[nodiscard]] static std::variant<Filter, std::string> parse(
      std::span<const std::string> patterns);

  /// Allocates nothing.
  [[nodiscard]] bool matches(std::string_view canonical_name) const noexcept;
  [[nodiscard]] bool passes_all() const noexcept { return patterns_.empty(); }
  /// What it was parsed from.
  [[nodiscard]] const std::vector<std::string>& texts() const noexcept { return texts_; }

  /// Of the same patterns, however they are spelled.
  friend bool operator==(const Filter& a, const Filter& b) { return a.patterns_ == b.patterns_; }

 private:
  std::vector<Pattern> patterns_;
  std::vector<std::string> texts_;
};

}  // namespace lariat::proto
