#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "collectors/sdk/answer.h"
#include "proto/exposition_read.h"

namespace lariat::sdk {

/// A value of a text in Prometheus' format, ready for an answer.
struct ExpositionReading {
  std::string metric;
  std::string tags;  ///< In canonical form.
  double value = 0;
  bool counter = false;  ///< It only grows: a DELTA.
};

/// The labels of a value as tags in canonical form, and `more` with them, which goes before a
/// label of the same name.
[[nodiscard]] std::string tags_of_labels(std::string_view labels,
                                         std::span<const Tags::Pair> more = {});

/// Reads all values of `text`. False if a line is none: then nothing of it is to be trusted.
[[nodiscard]] bool read_exposition(std::string_view text, std::vector<ExpositionReading>& values,
                                   std::span<const Tags::Pair> more = {});

/// Puts it into `answer`, as DELTA or SAMPLE.
void put(const ExpositionReading& reading, Answer& answer);

}  // namespace lariat::sdk
