#include "agent/collect/schedule.h"

#include <algorithm>
#include <cassert>

namespace lariat::collect {
namespace {

using std::chrono::milliseconds;

// FNV-1a: the same on every machine and in every release, which std::hash does not promise.
std::uint64_t stable_hash(std::string_view text) noexcept {
  std::uint64_t hash = 14695981039346656037U;
  for (const char octet : text) {
    hash = (hash ^ static_cast<unsigned char>(octet)) * 1099511628211U;
  }
  return hash ^ (hash >> 32U);
}

// Frames have whole seconds: no splay is so near to the end of one that a timer which is a little
// early or late falls into another.
milliseconds splay_of(std::string_view hostname) noexcept {
  constexpr std::uint64_t kSeconds = 60;
  constexpr std::uint64_t kFirst = 300;
  constexpr std::uint64_t kSpread = 500;
  const std::uint64_t hash = stable_hash(hostname);
  const std::uint64_t second = hash % kSeconds;
  const std::uint64_t part = kFirst + hash / kSeconds % kSpread;
  return milliseconds(second * 1000 + part);
}

// How early a collector may be due so that it shares the wake-up of another.
milliseconds slack(milliseconds interval) noexcept {
  return std::min(interval / 20, milliseconds(250));
}

}  // namespace

Schedule::Schedule(std::string_view hostname) noexcept : splay_(splay_of(hostname)) {}

void Schedule::add(Id id, milliseconds interval, const Now& now) {
  assert(interval >= std::chrono::seconds(1));
  assert(std::none_of(entries_.begin(), entries_.end(), [id](auto& e) { return e.id == id; }));
  entries_.push_back({id, interval, next_after(interval, now)});
}

void Schedule::remove(Id id) noexcept {
  std::erase_if(entries_, [id](const Entry& entry) { return entry.id == id; });
}

std::vector<Schedule::Due> Schedule::take_due(const Now& now) {
  std::vector<Due> due;
  for (auto& entry : entries_) {
    if (entry.next > now.monotonic + slack(entry.interval)) continue;
    const auto missed = std::max<std::int64_t>((now.monotonic - entry.next) / entry.interval, 0);
    due.push_back(
        {entry.id, static_cast<std::uint64_t>(missed), entry.next + missed * entry.interval});
    entry.next = next_after(entry.interval, now);
  }
  return due;
}

std::optional<std::chrono::nanoseconds> Schedule::until_next(base::Monotonic now) const {
  const auto next = std::min_element(entries_.begin(), entries_.end(),
                                     [](auto& a, auto& b) { return a.next < b.next; });
  if (next == entries_.end()) return std::nullopt;
  return std::max(next->next - now, std::chrono::nanoseconds(0));
}

base::Monotonic Schedule::next_after(milliseconds interval, const Now& now) const noexcept {
  const auto phase = (now.wall.time_since_epoch() - splay_ % interval) % interval;
  auto wait = interval - (phase.count() < 0 ? phase + interval : phase);
  const auto least = std::max(interval / 10, std::min(interval / 2, milliseconds(1000)));
  if (wait < least) wait += interval;
  return now.monotonic + wait;
}

}  // namespace lariat::collect
