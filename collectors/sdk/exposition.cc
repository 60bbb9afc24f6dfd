#include "collectors/sdk/exposition.h"

#include <algorithm>

namespace lariat::sdk {

std::string tags_of_labels(std::string_view labels, std::span<const Tags::Pair> more) {
  std::vector<std::string> texts;
  // The pairs point into it.
  texts.reserve(static_cast<std::size_t>(std::ranges::count(labels, '=')));
  std::vector<Tags::Pair> pairs;
  proto::LabelWalk walk(labels);
  for (proto::ExpositionLabel label; walk.next(label);) {
    if (std::ranges::find(more, label.name, &Tags::Pair::key) != more.end()) continue;
    std::string& text = texts.emplace_back(label.value.size(), '\0');
    text = std::string(proto::unescape_label(label.value, text));
    pairs.push_back({label.name, text});
  }
  pairs.insert(pairs.end(), more.begin(), more.end());
  return Tags(pairs).text();
}

bool read_exposition(std::string_view text, std::vector<ExpositionReading>& values,
                     std::span<const Tags::Pair> more) {
  values.clear();
  proto::ExpositionReader reader(text);
  for (proto::ExpositionValue value; reader.next(value);) {
    values.push_back({std::string(value.name), tags_of_labels(value.labels, more), value.value,
                      value.cumulative()});
  }
  return reader.refused() == 0;
}

void put(const ExpositionReading& reading, Answer& answer) {
  reading.counter ? answer.delta(reading.metric, reading.value, reading.tags)
                  : answer.sample(reading.metric, reading.value, reading.tags);
}

}  // namespace lariat::sdk
