#include "collectors/statsd/table.h"

#include <algorithm>
#include <utility>

#include "collectors/sdk/answer.h"
#include "collectors/sdk/scan.h"
#include "collectors/statsd/hash.h"

namespace lariat::statsd {
namespace {

constexpr std::size_t kSpellingsOfASeries = 4;

// Letters, digits and what stands in names of StatsD; all else is `_`.
std::string metric_of(std::string_view spelled) {
  std::string metric(spelled);
  std::ranges::replace_if(
      metric,
      [](char c) {
        constexpr std::string_view kOthers = "_.:-/";
        return !sdk::is_letter_or_digit(c) && kOthers.find(c) == kOthers.npos;
      },
      '_');
  return metric;
}

std::string tags_of(std::string_view spelled) {
  std::vector<sdk::Tags::Pair> pairs;
  for (Tag tag; take_tag(spelled, tag);) pairs.push_back({tag.key, tag.value});
  return sdk::Tags(pairs).text();
}

std::unique_ptr<Series> make_series(Kind kind, std::string metric, std::string tags) {
  auto series = std::make_unique<Series>();
  series->kind = kind;
  series->metric = std::move(metric);
  series->tags = std::move(tags);
  if (kind == Kind::kMilliseconds || kind == Kind::kDistribution) {
    series->sketch = std::make_unique<QuantileSketch>();
  } else if (kind == Kind::kSet) {
    series->distinct = std::make_unique<DistinctCount>();
  }
  return series;
}

}  // namespace

Series* SeriesTable::find(const Line& line) const noexcept {
  const std::uint64_t wanted = hash(line);
  const std::size_t mask = places_.size() - 1;
  for (std::size_t i = wanted & mask; places_[i].series != nullptr; i = (i + 1) & mask) {
    const Alias& alias = places_[i];
    if (alias.hash != wanted || alias.kind != line.kind) continue;
    const std::string_view spelled = alias.spelled;
    if (spelled.substr(0, alias.name_size) == line.name &&
        spelled.substr(alias.name_size) == line.tags) {
      return alias.series;
    }
  }
  return nullptr;
}

std::uint64_t SeriesTable::hash(const Line& line) const noexcept {
  const std::uint64_t of_name = hash_of(line.name, seed_ + static_cast<std::uint64_t>(line.kind));
  return line.tags.empty() ? of_name : hash_of(line.tags, of_name);
}

Series* SeriesTable::make(const Line& line, Refusal& refusal) {
  std::string metric = metric_of(line.name);
  const auto known = metrics_.find(metric);
  if (known != metrics_.end() && known->second.kind != line.kind) {
    refusal = Refusal::kKindConflict;
    return nullptr;
  }
  if (aliases_ >= most_series_ * kSpellingsOfASeries) {
    refusal = Refusal::kTooManySeries;
    return nullptr;
  }
  std::string tags = tags_of(line.tags);
  std::string name = metric + ' ' + tags;
  Series* series = nullptr;
  if (const auto found = by_name_.find(name); found != by_name_.end()) {
    series = found->second;
  } else if (all_.size() >= most_series_) {
    refusal = Refusal::kTooManySeries;
    return nullptr;
  } else {
    Metric& of_metric = metrics_[metric];
    of_metric.kind = line.kind;
    ++of_metric.series;
    series = all_.emplace_back(make_series(line.kind, std::move(metric), std::move(tags))).get();
    by_name_.emplace(std::move(name), series);
  }
  if ((aliases_ + 1) * 2 > places_.size()) rebuild(places_.size() * 2);
  Alias alias{.hash = hash(line), .series = series, .spelled = std::string(line.name)};
  alias.spelled += line.tags;
  alias.name_size = static_cast<std::uint32_t>(line.name.size());
  alias.kind = line.kind;
  put(std::move(alias));
  return series;
}

void SeriesTable::put(Alias alias) {
  const std::size_t mask = places_.size() - 1;
  std::size_t i = alias.hash & mask;
  while (places_[i].series != nullptr) i = (i + 1) & mask;
  places_[i] = std::move(alias);
  ++aliases_;
}

void SeriesTable::rebuild(std::size_t places) {
  std::vector<Alias> old(places);
  old.swap(places_);
  aliases_ = 0;
  for (Alias& alias : old) {
    if (alias.series != nullptr) put(std::move(alias));
  }
}

void SeriesTable::remove_unused_since(std::uint64_t time) {
  const auto unused = [time](const Series& series) {
    return !series.touched && series.used < time;
  };
  if (std::ranges::none_of(all_, [&](const auto& series) { return unused(*series); })) return;
  for (Alias& alias : places_) {
    if (alias.series != nullptr && unused(*alias.series)) alias = {};
  }
  rebuild(places_.size());
  for (const auto& series : all_) {
    if (!unused(*series)) continue;
    by_name_.erase(series->metric + ' ' + series->tags);
    const auto of_metric = metrics_.find(series->metric);
    if (--of_metric->second.series == 0) metrics_.erase(of_metric);
  }
  std::erase_if(all_, [&](const auto& series) { return unused(*series); });
}

}  // namespace lariat::statsd
