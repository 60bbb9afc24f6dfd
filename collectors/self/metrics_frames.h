#pragma once

#include <string>
#include <string_view>

#include "collectors/sdk/answer.h"

namespace lariat::self {

/// Puts the values of a text in Prometheus' format into `answer`: what only grows as DELTA, all
/// else as SAMPLE, labels as tags. NaN and infinity are left out. What is wrong as one sentence, or
/// nothing: a text with a line that is no value is none of it to be trusted.
[[nodiscard]] std::string put_metrics(std::string_view text, sdk::Answer& answer);

}  // namespace lariat::self
