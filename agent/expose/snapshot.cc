#include "agent/expose/snapshot.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "agent/metrics/table.h"

namespace lariat::expose {
namespace {

using std::chrono::milliseconds;

constexpr int kIntervalsKept = 3;
constexpr milliseconds kLeastInterval{1000};
// Of a run that ends late, beyond the three intervals.
constexpr milliseconds kSlack{1000};
// Between two looks for series that are gone, at least: each looks at all.
constexpr milliseconds kLookApart{1000};

base::Monotonic gone_at(const Series& series) noexcept {
  return series.seen + kIntervalsKept * milliseconds(series.interval_milliseconds) + kSlack;
}

std::uint32_t as_milliseconds(milliseconds interval) noexcept {
  constexpr milliseconds kMost{0x7fffffff};
  return static_cast<std::uint32_t>(std::clamp(interval, kLeastInterval, kMost).count());
}

std::uint64_t sum(std::uint64_t a, std::uint64_t b) noexcept {
  return a > ~std::uint64_t{0} - b ? ~std::uint64_t{0} : a + b;
}

}  // namespace

bool is_own_metric(std::string_view family) noexcept {
  const auto all = metrics::definitions();
  return family.starts_with("lariat_") ||
         std::ranges::find(all, family, &metrics::Definition::name) != all.end();
}

Snapshot::Snapshot(const proto::DefaultTags& agent_tags, Options options, const base::Log& log)
    : agent_tags_(agent_tags),
      tags_seen_(agent_tags),
      options_(std::move(options)),
      refusals_(log) {}

void Snapshot::take(std::span<const std::byte> frame, const SeriesOwner& owner,
                    base::Monotonic now) {
  const proto::Submit submit{proto::MessageView(frame)};
  Series* series = table_.find_next(submit.name(), submit.kind());
  if (!series) {
    const std::uint64_t hash = SeriesTable::hash_of(submit.name(), submit.kind());
    series = table_.find(submit.name(), submit.kind(), hash);
    if (!series) series = admit(submit, hash, now);
    if (!series) return;
  }
  series->collector = owner.collector;
  series->interval_milliseconds = as_milliseconds(owner.interval);
  series->seen = now;
  update(*series, submit);
}

void Snapshot::update(Series& series, const proto::Submit& submit) {
  switch (submit.kind()) {
    case proto::Payload::kSample:
    case proto::Payload::kDelta:
      series.real = submit.value(submit.value_count() - 1);
      break;
    case proto::Payload::kTally:
      series.count = sum(series.count, submit.increment().value_or(1));
      break;
    case proto::Payload::kState:
      series.count = static_cast<std::uint64_t>(submit.status());
      break;
    case proto::Payload::kEvent:
      series.count = sum(series.count, 1);
      break;
    case proto::Payload::kFact:
      series.count = 1;
      fact_.clear();
      append_fact(series.labels(), submit.text(), fact_);
      table_.set_fact(series, fact_);
      break;
  }
}

Series* Snapshot::admit(const proto::Submit& submit, std::uint64_t hash, base::Monotonic now) {
  if (refusals_.settled(hash) && now < none_gone_before_) return nullptr;
  describe(submit.name(), submit.kind(), agent_tags_, text_);
  std::string why = why_refused();
  if (!why.empty() && now >= none_gone_before_) {
    expire(now);
    why = why_refused();
  }
  if (!why.empty()) {
    refusals_.refuse(hash, text_.family, why);
    return nullptr;
  }
  refusals_.admitted(hash);
  return &table_.add(submit.name(), submit.kind(), hash, text_);
}

/// Of the series in `text_`: a sentence, or nothing if it is welcome.
std::string Snapshot::why_refused() const {
  const auto& family = text_.family;
  if (options_.reserved && options_.reserved(family)) {
    return fmt::format(
        "{} is kept from /metrics: the agent has a metric of that name itself; rename the "
        "collector's",
        family);
  }
  if (table_.find_other_type(text_)) {
    return fmt::format(
        "series of {} are kept from /metrics: other series of that name are there with another "
        "type; give the two kinds different names",
        family);
  }
  if (table_.find_alike(text_)) {
    return fmt::format(
        "a series of {} is kept from /metrics: there its name and labels are those of another; let "
        "them differ in more than characters that become \"_\"",
        family);
  }
  if (table_.size() >= options_.max_series) {
    return fmt::format(
        "a series of {} is kept from /metrics, which has {} already; raise max_series or let "
        "collectors report fewer",
        family, table_.size());
  }
  return {};
}

void Snapshot::tags_changed() {
  if (agent_tags_ == tags_seen_) return;
  tags_seen_ = agent_tags_;
  const std::size_t before = table_.size();
  table_.relabel([this](const Series& series, SeriesText& text) {
    describe(series.name(), series.kind, agent_tags_, text);
  });
  for (std::size_t lost = table_.size(); lost < before; ++lost) refusals_.count_one();
  refusals_.changed();
}

void Snapshot::set_max_series(std::size_t max_series) noexcept {
  options_.max_series = max_series;
  refusals_.changed();
}

void Snapshot::forget(std::uint32_t collector) {
  table_.remove_if([collector](const Series& series) { return series.collector == collector; });
  refusals_.changed();
}

void Snapshot::expire(base::Monotonic now) {
  if (now < none_gone_before_) return;
  const std::size_t before = table_.size();
  auto earliest = now + kIntervalsKept * kLeastInterval + kSlack;  // Of what is added from now on.
  table_.remove_if([&earliest, now](const Series& series) {
    const auto gone = gone_at(series);
    if (gone > now) earliest = std::min(earliest, gone);
    return gone <= now;
  });
  none_gone_before_ = std::max(earliest, now + kLookApart);
  if (table_.size() != before) refusals_.changed();
}

bool Snapshot::render(Position& position, base::Monotonic now, std::size_t bytes,
                      std::string& out) const {
  const auto& families = table_.families();
  auto family = families.lower_bound(position.family);
  for (; family != families.end(); ++family) {
    const bool entered = family->first == position.family;
    if (entered && family->second.id != position.family_id) continue;
    if (!render_family(family->second, position, now, bytes, out)) return true;
  }
  return false;
}

/// False if there may be more of the family.
bool Snapshot::render_family(const Family& family, Position& position, base::Monotonic now,
                             std::size_t bytes, std::string& out) const {
  const auto id_of = [this](std::uint32_t slot) { return table_.at(slot).id; };
  auto slot = family.slots.begin();
  const bool entered = position.family == family.name;
  if (entered) slot = std::ranges::upper_bound(family.slots, position.series, {}, id_of);
  bool titled = entered;
  for (; slot != family.slots.end(); ++slot) {
    const Series& series = table_.at(*slot);
    if (series.id >= position.limit) break;
    if (gone_at(series) <= now) continue;
    if (out.size() >= bytes) return false;
    if (!titled) {
      titled = true;
      proto::append_type(family.name, family.type, out);
      position.family = family.name;
      position.family_id = family.id;
    }
    position.series = series.id;
    if (series.kind == proto::Payload::kSample || series.kind == proto::Payload::kDelta) {
      proto::append_sample(family.name, series.all_labels(), series.real, out);
    } else {
      proto::append_sample(family.name, series.all_labels(), series.count, out);
    }
  }
  return true;
}

void Snapshot::report(metrics::Report& report) const {
  report.set(metrics::Metric::kSeries, static_cast<double>(table_.size()));
  report.set(metrics::Metric::kSeriesRefusedTotal, static_cast<double>(refusals_.total()));
}

}  // namespace lariat::expose
