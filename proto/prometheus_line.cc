#include "proto/prometheus_line.h"

#include <cmath>
#include <optional>

namespace lariat::proto {
namespace {

// So much is remembered of families; a `# TYPE` beyond is not.
constexpr std::size_t kMostFamilies = 4096;
constexpr std::size_t kMostOctets = std::size_t{64} << 10U;

}  // namespace

ParsedLine PrometheusLines::read(std::string_view line, std::uint64_t now, SeriesName& name) {
  if (line.front() == '#') {
    const ExpositionFamily family = read_family(line);
    if (!family.name.empty()) learn(family);
    return {};
  }
  ExpositionValue value;
  const Reason reason = read_exposition_line(line, value);
  if (reason != Reason::kNone) return {{}, reason};
  if (std::isnan(value.value)) return {};
  if (!std::isfinite(value.value)) return {{}, Reason::kBadNumber};
  family_of(value.name).describe(value);
  const auto time = value.time.empty() ? now : exposition_seconds(value.time);
  if (!time) return {{}, Reason::kBadTime};

  name.clear();
  name.put_metric(value.name);
  ExpositionLabel label;
  for (LabelWalk walk(value.labels); walk.next(label);) {
    if (label.value.size() > label_.size()) return {{}, Reason::kBadName};
    name.put_tag(label.name, unescape_label(label.value, label_));
  }
  ParsedLine parsed{{.type = Record::Type::kData,
                     .kind = value.cumulative() ? Payload::kDelta : Payload::kSample,
                     .time = *time,
                     .value = value.value}};
  parsed.reason = name.name(parsed.record);
  return parsed;
}

void PrometheusLines::learn(const ExpositionFamily& family) {
  const auto found = families_.find(family.name);
  if (found != families_.end()) {
    found->second = family.type;
  } else if (families_.size() < kMostFamilies && octets_ + family.name.size() <= kMostOctets) {
    families_.emplace(family.name, family.type);
    octets_ += family.name.size();
  }
}

// One with the value's own name, or with that up to its last `_`.
ExpositionFamily PrometheusLines::family_of(std::string_view value_name) const {
  auto found = families_.find(value_name);
  if (found == families_.end()) found = families_.find(value_name.substr(0, value_name.rfind('_')));
  if (found == families_.end()) return {};
  return {found->first, found->second};
}

}  // namespace lariat::proto
