#include "agent/app/collect_report.h"

#include <fmt/format.h>

#include <array>
#include <string_view>

#include "agent/collect/error_lines.h"
#include "agent/expose/series_text.h"
#include "proto/legal_name.h"
#include "proto/qname.h"

namespace lariat::app {
namespace {

constexpr std::size_t kMostLines = 10;

std::string more(std::size_t count) {
  return count > kMostLines ? fmt::format("and {} more of these\n", count - kMostLines) : "";
}

std::string changed(const char* what, const std::map<std::string, std::string>& names) {
  std::string lines;
  std::size_t count = 0;
  for (const auto& [name, shown] : names) {
    if (++count > kMostLines) break;
    lines += fmt::format("/metrics shows {} {} as {}\n", what, collect::printable(name), shown);
  }
  return lines + more(names.size());
}

}  // namespace

void CollectReport::take(const proto::MessageView& submit) {
  const proto::Submit view(submit);
  const std::string name(view.name());
  const std::string series = fmt::format("{} {}", to_string(view.kind()), name);
  if (!series_.insert(series).second) return;
  note_changes(name);
  expose::SeriesText text;
  expose::describe(name, view.kind(), tags_, text);
  exposed_[fmt::format("{}{{{}}}", text.family, text.labels)].insert(series);
}

void CollectReport::note_changes(std::string_view name) {
  std::array<char, proto::kMaxNameLength + 1> room;
  std::array<char, proto::kMaxNameLength> plain;
  const std::string_view metric = proto::metric_of(name);
  const std::string_view legal = proto::prometheus_name(metric, room);
  if (legal != metric) metrics_.emplace(metric, legal);
  proto::TagWalk walk(proto::tags_of(name));
  for (proto::Tag tag; walk.next(tag);) {
    const std::string_view key = proto::unescape(tag.key, plain);
    const std::string_view label = proto::prometheus_label(key, room);
    if (label != key) labels_.emplace(key, label);
  }
}

std::string CollectReport::changes() const {
  std::string lines = changed("the metric", metrics_) + changed("the tag", labels_);
  std::size_t clashes = 0;
  for (const auto& [shown, names] : exposed_) {
    if (names.size() < 2 || ++clashes > kMostLines) continue;
    lines += fmt::format("/metrics shows as one series, {}:\n", shown);
    for (const auto& name : names) lines += fmt::format("  {}\n", collect::printable(name));
  }
  return lines + more(clashes);
}

}  // namespace lariat::app
