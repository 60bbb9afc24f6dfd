#include "proto/point.h"

#include <limits>

namespace lariat::proto {
namespace {

constexpr std::uint64_t kMostSeconds = std::numeric_limits<std::int64_t>::max() / 1000;

}  // namespace

PointType point_type(Payload kind) noexcept {
  switch (kind) {
    case Payload::kTally:
    case Payload::kDelta:
    case Payload::kEvent:
      return PointType::kCounter;
    case Payload::kFact:
      return PointType::kInfo;
    case Payload::kSample:
    case Payload::kState:
      return PointType::kGauge;
  }
  return PointType::kGauge;
}

std::string_view point_suffix(Payload kind) noexcept {
  if (kind == Payload::kEvent) return "_events_total";
  return kind == Payload::kFact ? "_info" : "";
}

std::optional<Point> point_of(const Submit& submit, Totals& totals, bool again,
                              std::int64_t appended_seconds) {
  Point point{
      .name = submit.name(), .kind = submit.kind(), .value = 1, .seconds = appended_seconds};
  if (point.kind == Payload::kFact) {
    point.text = submit.text();
    return point;
  }
  if (submit.time() > kMostSeconds) return std::nullopt;
  point.seconds = static_cast<std::int64_t>(submit.time());
  std::uint64_t increment = 1;
  switch (point.kind) {
    case Payload::kSample:
    case Payload::kDelta:
      point.value = submit.value(submit.value_count() - 1);
      return point;
    case Payload::kState:
      point.value = static_cast<double>(submit.status());
      return point;
    case Payload::kTally:
      increment = submit.increment().value_or(1);
      break;
    case Payload::kEvent:
    case Payload::kFact:
      break;
  }
  const auto total = again ? totals.get(point.name, point.kind, increment)
                           : totals.add(point.name, point.kind, increment);
  if (!total) return std::nullopt;
  point.value = static_cast<double>(*total);
  return point;
}

}  // namespace lariat::proto
