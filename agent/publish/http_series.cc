#include "agent/publish/http_series.h"

#include <xxhash.h>

#include <algorithm>
#include <utility>

namespace lariat::publish {
namespace {

constexpr std::size_t kOverhead = 128;
constexpr std::int64_t kIntervals = 3;
// After which Prometheus does not show a value any more.
constexpr std::int64_t kLookBack = 300;
constexpr std::int64_t kLookAgain = 5;

}  // namespace

HttpSeries::Key HttpSeries::key_of(const proto::Point& point) noexcept {
  const auto kind = static_cast<XXH64_hash_t>(point.kind);
  auto hash = ::XXH3_128bits_withSeed(point.name.data(), point.name.size(), kind);
  if (!point.text.empty()) {  // A FACT's text is a label.
    hash = ::XXH3_128bits_withSeed(point.text.data(), point.text.size(), hash.low64 ^ hash.high64);
  }
  return {hash.low64, hash.high64};
}

HttpSeries::Entry* HttpSeries::find(const Key& key) noexcept {
  if (next_ >= entries_.size()) next_ = 0;
  if (next_ < entries_.size() && entries_[next_].key == key) return &entries_[next_++];
  const auto found = places_.find(key);
  if (found == places_.end()) return nullptr;
  next_ = found->second + 1;
  return &entries_[found->second];
}

HttpSeries::Entry* HttpSeries::add(const Key& key, std::string_view labels, proto::Payload kind) {
  if (octets_ + labels.size() + kOverhead > kOctets) return nullptr;
  octets_ += labels.size() + kOverhead;
  places_[key] = static_cast<std::uint32_t>(entries_.size());
  const bool steady = kind != proto::Payload::kTally && kind != proto::Payload::kEvent;
  return &entries_.emplace_back(Entry{.key = key,
                                      .labels = std::string(labels),
                                      .hash = ::XXH3_64bits(labels.data(), labels.size()),
                                      .steady = steady});
}

void HttpSeries::see(Entry& entry, std::int64_t seconds, std::int64_t seen) noexcept {
  entry.seconds = std::max(entry.seconds, seconds);
  if (seen <= entry.seen) return;
  if (entry.seen != 0) {
    const auto gap = seen - entry.seen;
    entry.gap = std::max(gap, entry.last_gap);
    entry.last_gap = gap;
  }
  entry.seen = seen;
  const auto end = end_of(entry);
  if (!next_end_ || end < *next_end_) next_end_ = end;
  if (soonest_ && end < *soonest_) soonest_ = end;  // It is in the midst of looking.
}

// That none ends earlier was true when it looked; since then most have come again.
bool HttpSeries::may_have_ended(std::int64_t now) const noexcept {
  const bool long_ago = now < looked_ || now - looked_ >= kLookAgain;
  return long_ago || (next_end_ && *next_end_ <= now);
}

// The second that its mark may be early is granted.
std::int64_t HttpSeries::end_of(const Entry& entry) noexcept {
  auto patience = entry.gap == 0 ? kLookBack : kIntervals * entry.gap + 1;
  if (!entry.steady) patience = std::max(patience, kLookBack);
  return entry.seen + patience;
}

std::optional<HttpSeries::Entry> HttpSeries::take_ended(std::int64_t now, bool all) {
  if (!all && looked_at_ == 0 && !may_have_ended(now)) return {};
  for (; looked_at_ < entries_.size(); ++looked_at_) {
    const auto end = end_of(entries_[looked_at_]);
    if (all || end <= now) return take(looked_at_);
    soonest_ = std::min(soonest_.value_or(end), end);
  }
  looked_at_ = 0;
  looked_ = now;
  next_end_ = std::exchange(soonest_, std::nullopt);
  return {};
}

// The last takes its place.
HttpSeries::Entry HttpSeries::take(std::size_t place) {
  std::swap(entries_[place], entries_.back());
  auto taken = std::move(entries_.back());
  entries_.pop_back();
  places_.erase(taken.key);
  if (place < entries_.size()) places_[entries_[place].key] = static_cast<std::uint32_t>(place);
  octets_ -= taken.labels.size() + kOverhead;
  return taken;
}

}  // namespace lariat::publish
