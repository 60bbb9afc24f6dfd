#include "collectors/self/metrics_frames.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "proto/exposition_read.h"

namespace lariat::self {
namespace {

std::string tags_of(std::string_view labels) {
  std::vector<std::string> values;
  std::vector<sdk::Tags::Pair> pairs;
  const auto most = static_cast<std::size_t>(std::ranges::count(labels, '='));
  values.reserve(most);  // The pairs point into it.
  proto::LabelWalk walk(labels);
  proto::ExpositionLabel label;
  while (walk.next(label)) {
    std::string& value = values.emplace_back(label.value.size(), '\0');
    value = std::string(proto::unescape_label(label.value, value));
    pairs.push_back({label.name, value});
  }
  return sdk::Tags(pairs).text();
}

}  // namespace

std::string put_metrics(std::string_view text, sdk::Answer& answer) {
  const sdk::Answer::Mark mark = answer.mark();
  proto::ExpositionReader reader(text);
  proto::ExpositionValue value;
  while (reader.next(value)) {
    if (!std::isfinite(value.value)) continue;
    const std::string tags = tags_of(value.labels);
    value.cumulative() ? answer.delta(value.name, value.value, tags)
                       : answer.sample(value.name, value.value, tags);
  }
  if (reader.refused() == 0 && answer.count() > mark.count) return {};
  answer.roll_back(mark);
  return "the agent's answer is no metrics: " + std::string(text.substr(0, 80));
}

}  // namespace lariat::self
