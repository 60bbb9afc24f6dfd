#include "proto/prometheus_line.h"

#include <cmath>
#include <optional>

namespace lariat::proto {
namespace {

constexpr std::uint64_t kMilliseconds = 1000;

std::optional<std::uint64_t> seconds_of(std::string_view milliseconds, std::uint64_t now) noexcept {
  if (milliseconds.empty()) return now;
  const auto count = parse_count(milliseconds);
  return count ? std::optional(*count / kMilliseconds) : std::nullopt;
}

}  // namespace

ParsedLine PrometheusLines::read(std::string_view line, std::uint64_t now, SeriesName& name) {
  if (line.front() == '#') {
    const ExpositionFamily family = read_family(line);
    if (!family.name.empty()) {
      family_ = family.name;
      type_ = family.type;
    }
    return {};
  }
  ExpositionValue value;
  const Reason reason = read_exposition_line(line, value);
  if (reason != Reason::kNone) return {{}, reason};
  if (!std::isfinite(value.value)) return {{}, Reason::kBadNumber};
  value.type = ExpositionFamily{family_, type_}.type_of(value.name);
  const auto time = seconds_of(value.time, now);
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

}  // namespace lariat::proto
