#include "collectors/self/metrics_frames.h"

#include <cmath>
#include <vector>

#include "collectors/sdk/exposition.h"

namespace lariat::self {

std::string put_metrics(std::string_view text, sdk::Answer& answer) {
  const sdk::Answer::Mark mark = answer.mark();
  std::vector<sdk::ExpositionReading> values;
  const bool good = sdk::read_exposition(text, values);
  for (const sdk::ExpositionReading& value : values) {
    if (std::isfinite(value.value)) sdk::put(value, answer);
  }
  if (good && answer.count() > mark.count) return {};
  answer.roll_back(mark);
  return "the agent's answer is no metrics: " + std::string(text.substr(0, 80));
}

}  // namespace lariat::self
