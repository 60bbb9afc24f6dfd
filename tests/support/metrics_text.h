#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace lariat::test {

/// Metrics in Prometheus' text format, by name and labels.
class MetricsText {
 public:
  using Labels = std::map<std::string, std::string>;

  MetricsText() = default;
  /// Throws std::runtime_error for a line that is none.
  explicit MetricsText(std::string_view text);

  [[nodiscard]] bool empty() const noexcept { return values_.empty(); }
  [[nodiscard]] std::optional<double> find(const std::string& name,
                                           const Labels& labels = {}) const;
  /// The same, of a series that must be there: throws std::runtime_error with its name.
  [[nodiscard]] double value(const std::string& name, const Labels& labels = {}) const;
  [[nodiscard]] std::uint64_t count(const std::string& name, const Labels& labels = {}) const;
  /// Over all series of that name that have at least these labels; 0 if there are none.
  [[nodiscard]] double sum(const std::string& name, const Labels& labels = {}) const;
  /// How many series have that name.
  [[nodiscard]] std::size_t series(const std::string& name) const;
  /// The values that this label has among the series of that name.
  [[nodiscard]] std::set<std::string> label_values(const std::string& name,
                                                   const std::string& label) const;

 private:
  std::map<std::pair<std::string, Labels>, double> values_;
};

}  // namespace lariat::test
