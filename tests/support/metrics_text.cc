#include "tests/support/metrics_text.h"

#include <algorithm>
#include <cstdlib>
#include <stdexcept>

namespace lariat::test {
namespace {

[[noreturn]] void refuse(std::string_view line) {
  throw std::runtime_error("no metric: " + std::string(line));
}

// Takes the text of a label value, behind its opening quote, off the front of `rest`.
std::string take_quoted(std::string_view& rest, std::string_view line) {
  std::string value;
  for (; !rest.empty() && rest.front() != '"'; rest.remove_prefix(1)) {
    if (rest.front() == '\\' && rest.size() > 1) {
      rest.remove_prefix(1);
      value += rest.front() == 'n' ? '\n' : rest.front();
    } else {
      value += rest.front();
    }
  }
  if (rest.empty()) refuse(line);
  rest.remove_prefix(1);
  return value;
}

MetricsText::Labels take_labels(std::string_view& rest, std::string_view line) {
  MetricsText::Labels labels;
  rest.remove_prefix(1);
  while (!rest.empty() && rest.front() != '}') {
    const auto equals = rest.find("=\"");
    if (equals == std::string_view::npos) refuse(line);
    const std::string key(rest.substr(0, equals));
    rest.remove_prefix(equals + 2);
    labels[key] = take_quoted(rest, line);
    if (!rest.empty() && rest.front() == ',') rest.remove_prefix(1);
  }
  if (rest.empty()) refuse(line);
  rest.remove_prefix(1);
  return labels;
}

std::string spelled(const std::string& name, const MetricsText::Labels& labels) {
  std::string text = name;
  for (const auto& [key, value] : labels) text.append(" ").append(key).append("=").append(value);
  return text;
}

}  // namespace

MetricsText::MetricsText(std::string_view text) {
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.front() == '#') continue;
    const auto name_end = line.find_first_of("{ ");
    if (name_end == std::string_view::npos) refuse(line);
    auto rest = line.substr(name_end);
    Labels labels;
    if (rest.front() == '{') labels = take_labels(rest, line);
    const std::string number(rest);
    char* stop = nullptr;
    const double value = std::strtod(number.c_str(), &stop);
    if (stop == number.c_str()) refuse(line);
    const std::pair key(std::string(line.substr(0, name_end)), std::move(labels));
    if (!values_.emplace(key, value).second) refuse("twice: " + std::string(line));
  }
}

std::optional<double> MetricsText::find(const std::string& name, const Labels& labels) const {
  const auto found = values_.find({name, labels});
  if (found == values_.end()) return std::nullopt;
  return found->second;
}

double MetricsText::value(const std::string& name, const Labels& labels) const {
  const auto found = find(name, labels);
  if (!found) throw std::runtime_error("there is no " + spelled(name, labels));
  return *found;
}

std::uint64_t MetricsText::count(const std::string& name, const Labels& labels) const {
  return static_cast<std::uint64_t>(value(name, labels));
}

double MetricsText::sum(const std::string& name, const Labels& labels) const {
  double sum = 0;
  for (const auto& [series, value] : values_) {
    const auto& its = series.second;
    const bool has_all = std::all_of(labels.begin(), labels.end(), [&](const auto& label) {
      const auto found = its.find(label.first);
      return found != its.end() && found->second == label.second;
    });
    if (series.first == name && has_all) sum += value;
  }
  return sum;
}

std::size_t MetricsText::series(const std::string& name) const {
  return static_cast<std::size_t>(
      std::count_if(values_.begin(), values_.end(),
                    [&](const auto& entry) { return entry.first.first == name; }));
}

std::set<std::string> MetricsText::label_values(const std::string& name,
                                                const std::string& label) const {
  std::set<std::string> values;
  for (const auto& [series, value] : values_) {
    const auto found = series.second.find(label);
    if (series.first == name && found != series.second.end()) values.insert(found->second);
  }
  return values;
}

}  // namespace lariat::test
