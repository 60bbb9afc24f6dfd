#include "agent/collect/series_limit.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace lariat::collect {
namespace {

constexpr std::size_t kSmallest = 64;
constexpr std::uint64_t kRemembered = 3;  // Intervals.

}  // namespace

bool SeriesLimit::admit(std::string_view name) {
  const std::uint64_t hash = std::max<std::uint64_t>(std::hash<std::string_view>{}(name), 1);
  if (slots_.empty()) rebuild(kSmallest);
  if (auto& slot = find(hash); slot.hash == hash) {
    slot.seen = interval_;
    return true;
  }
  if (size_ >= max_ && !make_room()) return false;
  if ((size_ + 1) * 4 > slots_.size() * 3) rebuild(slots_.size() * 2);
  find(hash) = {hash, interval_};
  ++size_;
  return true;
}

SeriesLimit::Slot& SeriesLimit::find(std::uint64_t hash) noexcept {
  std::size_t at = hash & (slots_.size() - 1);
  while (slots_[at].hash != 0 && slots_[at].hash != hash) at = (at + 1) & (slots_.size() - 1);
  return slots_[at];
}

// Leaves out what is forgotten.
void SeriesLimit::rebuild(std::size_t capacity) {
  const auto old = std::exchange(slots_, std::vector<Slot>(capacity));
  size_ = 0;
  for (const auto& slot : old) {
    if (slot.hash == 0 || slot.seen + kRemembered < interval_) continue;
    find(slot.hash) = slot;
    ++size_;
  }
}

// Once an interval, however many names are refused in it.
bool SeriesLimit::make_room() {
  if (swept_ == interval_) return false;
  swept_ = interval_;
  rebuild(slots_.size());
  return size_ < max_;
}

}  // namespace lariat::collect
