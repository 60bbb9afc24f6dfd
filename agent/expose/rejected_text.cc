#include "agent/expose/rejected_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "agent/expose/words.h"

namespace lariat::expose {
namespace {

std::string names_of(const Status& status) {
  std::string names;
  for (const auto& endpoint : status.endpoints) {
    names += names.empty() ? "" : ", ";
    names += endpoint.name;
  }
  return names.empty() ? "none is configured" : "there are " + names;
}

}  // namespace

std::string rejected_text(const Status& status, std::string_view endpoint) {
  const auto found = std::find_if(status.endpoints.begin(), status.endpoints.end(),
                                  [&](const auto& one) { return one.name == endpoint; });
  if (found == status.endpoints.end()) {
    return fmt::format("error: there is no endpoint \"{}\"; {}\n", endpoint, names_of(status));
  }
  if (found->rejected.empty()) {
    return fmt::format("{} has refused nothing of {}\n", found->url, found->name);
  }
  std::string text;
  for (const auto& sample : found->rejected) {
    text += fmt::format("{} {} at {}: {}\n", sample.series, sample.value, rfc3339(sample.time),
                        sample.why);
  }
  return text;
}

}  // namespace lariat::expose
