#include "collectors/statsd/store.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <utility>

#include "collectors/statsd/hash.h"
#include "proto/name_parts.h"
#include "proto/qname.h"

namespace lariat::statsd {
namespace {

// Sums and sketches are of what came; it is made seconds of when it is told.
double scale_of(Kind kind) noexcept {
  constexpr double kMillisecondsInASecond = 1e3;
  return kind == Kind::kMilliseconds ? kMillisecondsInASecond : 1;
}

std::string short_text(double number) {
  std::array<char, 32> room;
  const auto end = std::to_chars(room.data(), room.data() + room.size(), number).ptr;
  return {room.data(), end};
}

// `tags` with one more, in its place.
std::string_view with_quantile(std::string_view tags, const std::string& quantile,
                               std::string& room) {
  room = "- quantile=" + quantile;
  if (!tags.empty()) room.append(",").append(tags);
  std::array<char, proto::kMaxNameLength> canonical_room;
  const proto::NameResult canonical = proto::canonical(room, canonical_room);
  // Too long with it: the answer finds and counts it.
  if (canonical) room.assign(proto::tags_of(canonical.name));
  return room;
}

// A sum that is not finite would stay so for ever.
bool add_up(double& sum, double number) noexcept {
  if (!std::isfinite(sum + number)) return false;
  sum += number;
  return true;
}

bool add_timed(Series& series, double number, double rate) {
  const double weight = 1 / rate;
  constexpr auto kMost = static_cast<double>(std::numeric_limits<std::uint32_t>::max());
  if (!add_up(series.value, number * weight) || !add_up(series.count, weight)) return false;
  series.sketch->add(number, static_cast<std::uint32_t>(std::min(std::round(weight), kMost)));
  return true;
}

Refusal add_number(Series& series, const Line& line, std::string_view text) {
  double number = 0;
  if (!parse_number(text, number)) return Refusal::kBadValue;
  bool good = true;
  switch (series.kind) {
    case Kind::kCounter:
      if (number < 0) return Refusal::kNegativeCounter;
      good = add_up(series.value, number / line.rate);
      break;
    case Kind::kGauge: {
      const bool relative = text.front() == '+' || text.front() == '-';
      if (!relative) series.value = 0;
      good = add_up(series.value, number);
      break;
    }
    default:
      good = add_timed(series, number, line.rate);
  }
  return good ? Refusal::kNone : Refusal::kBadValue;
}

Refusal refusal_of_first(const Line& line) noexcept {
  if (line.kind == Kind::kSet) return Refusal::kNone;
  std::string_view values = line.values;
  std::string_view value;
  double number = 0;
  if (!take_value(values, value) || !parse_number(value, number)) return Refusal::kBadValue;
  return line.kind == Kind::kCounter && number < 0 ? Refusal::kNegativeCounter : Refusal::kNone;
}

}  // namespace

Store::Store(StoreOptions options, std::uint64_t seed)
    : options_(std::move(options)), table_(options_.most_series, seed) {
  for (const double quantile : options_.quantiles) quantile_names_.push_back(short_text(quantile));
}

void Store::take(std::string_view text) {
  while (!text.empty()) {
    const auto* const end = static_cast<const char*>(std::memchr(text.data(), '\n', text.size()));
    const std::size_t length =
        end == nullptr ? text.size() : static_cast<std::size_t>(end - text.data());
    std::string_view line = text.substr(0, length);
    text.remove_prefix(std::min(length + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty()) take_line(line);
  }
}

void Store::take_line(std::string_view text) {
  ++lines_;
  Line line;
  Refusal refusal = parse_line(text, line);
  if (refusal == Refusal::kNone) refusal = add(line);
  if (refusal != Refusal::kNone) refuse(refusal);
}

Refusal Store::add(const Line& line) {
  Refusal refusal = Refusal::kNone;
  Series* series = table_.find(line);
  if (series == nullptr) {
    // What has no value is not to take the room of a series.
    refusal = refusal_of_first(line);
    if (refusal == Refusal::kNone) series = table_.make(line, refusal);
    if (series == nullptr) return refusal;
  }
  series->touched = true;
  if (line.kind == Kind::kSet) {
    series->distinct->add(hash_of(line.values, table_.seed()));
    return Refusal::kNone;
  }
  std::string_view values = line.values;
  std::string_view value;
  while (refusal == Refusal::kNone && take_value(values, value)) {
    refusal = add_number(*series, line, value);
  }
  return refusal;
}

void Store::put(sdk::Answer& answer) {
  for (const auto& series : table_.all()) {
    if (series->touched) series->used = answer.time();
    put_values(*series, answer);
    series->touched = false;
  }
  if (options_.expire > 0 && answer.time() > options_.expire) {
    table_.remove_unused_since(answer.time() - options_.expire);
  }
}

void Store::put_values(Series& series, sdk::Answer& answer) {
  switch (series.kind) {
    case Kind::kCounter:
      answer.delta(series.metric, series.value, series.tags);
      break;
    case Kind::kGauge:
      answer.sample(series.metric, series.value, series.tags);
      break;
    case Kind::kSet:
      answer.sample(series.metric, series.distinct->count(), series.tags);
      series.distinct->clear();
      break;
    default:
      answer.delta(series.metric + "_count", series.count, series.tags);
      answer.delta(series.metric + "_sum", series.value / scale_of(series.kind), series.tags);
      put_quantiles(series, answer);
  }
}

void Store::put_quantiles(Series& series, sdk::Answer& answer) {
  if (series.sketch->count() == 0) return;
  for (std::size_t i = 0; i < quantile_names_.size(); ++i) {
    const double number = series.sketch->quantile(options_.quantiles[i]) / scale_of(series.kind);
    answer.sample(series.metric, number, with_quantile(series.tags, quantile_names_[i], room_));
  }
  series.sketch->clear();
}

}  // namespace lariat::statsd
